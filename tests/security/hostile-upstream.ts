import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What one stream's upstream does with a request; `visit` counts from 0 per stream. */
export type Behaviour = (response: ServerResponse, request: IncomingMessage, visit: number) => void;

export interface Visit {
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
}

export interface HostileUpstream {
  readonly url: string;
  /** Requests so far, by last path segment as it arrived. */
  visits(segment: string): readonly Visit[];
  behave(segment: string, behaviour: Behaviour): void;
  /** Breaks the connections that the stream has open. */
  drop(segment: string): void;
  close(): Promise<void>;
}

/** Writes one event a line, every 20 ms, until the client leaves. */
export function ticking(response: ServerResponse, prefix: string): void {
  response.writeHead(200, { "content-type": "application/x-ndjson" });
  let count = 0;
  const timer = setInterval(() => response.write(`{"event":"${prefix}-${count++}"}\n`), 20);
  response.on("close", () => clearInterval(timer));
}

/** Refuses with everything the request held, in its headers and its body, the way a debugging proxy does. */
export function echo(status: number): Behaviour {
  return (response, { url, headers }) => {
    response.writeHead(status, { "content-type": "text/plain", "x-echo": String(headers.authorization) });
    response.end(`${headers.authorization} ${headers["x-tenant"]} ${url}`);
  };
}

/** An upstream whose streams each misbehave as told. A path that was told nothing answers 404. */
export async function hostileUpstream(): Promise<HostileUpstream> {
  const behaviours = new Map<string, Behaviour>();
  const visits = new Map<string, Visit[]>();
  const open = new Map<string, Set<ServerResponse>>();
  const server: Server = createServer((request, response) => {
    const url = request.url!;
    const segment = url.split("?")[0]!.split("/").at(-1)!;
    const seen = visits.get(segment) ?? [];
    visits.set(segment, [...seen, { url, headers: request.headers }]);
    const responses = open.get(segment) ?? new Set();
    open.set(segment, responses.add(response));
    response.on("close", () => responses.delete(response));
    const behaviour = behaviours.get(segment);
    if (behaviour) behaviour(response, request, seen.length);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    visits: (segment) => visits.get(segment) ?? [],
    behave: (segment, behaviour) => void behaviours.set(segment, behaviour),
    drop: (segment) => {
      for (const response of open.get(segment) ?? []) response.destroy();
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
