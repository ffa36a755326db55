import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { startServer } from "./http-server";

/** What an upstream does with one request. `visit` counts its script's requests from 0. */
export type Answer = (response: ServerResponse, request: IncomingMessage, visit: number) => void;

/** A server of streams that follows scripts: one for each stream that has one, and one for all other requests. */
export interface Upstream {
  readonly url: string;
  readonly requests: readonly IncomingMessage[];
  /** Requests for one stream, by the last segment of the path as received. */
  requestsOf(segment: string): readonly IncomingMessage[];
  /** The script of one stream, from now on. */
  on(segment: string, ...answers: readonly Answer[]): void;
  /** Breaks the connections that the stream has open. */
  drop(segment: string): void;
  close(): Promise<void>;
}

/** A script is a list of answers: the n-th request gets the n-th of them, all later ones the last. Without any, it is a 404. */
export async function startUpstream(...answers: readonly Answer[]): Promise<Upstream> {
  const otherwise = script(answers);
  const scripts = new Map<string, Script>();
  const open = new Map<ServerResponse, string>();
  const server = await startServer((request, response) => {
    const segment = segmentOf(request);
    open.set(response, segment);
    response.on("close", () => open.delete(response));
    (scripts.get(segment) ?? otherwise)(response, request);
  });
  return {
    url: server.url,
    requests: server.requests,
    requestsOf: (segment) => server.requests.filter((request) => segmentOf(request) === segment),
    on: (segment, ...its) => void scripts.set(segment, script(its)),
    drop: (segment) => {
      for (const [response, its] of open) if (its === segment) response.destroy();
    },
    close: server.close,
  };
}

const segmentOf = ({ url = "" }: IncomingMessage) => url.split("?")[0]!.split("/").at(-1)!;

type Script = (response: ServerResponse, request: IncomingMessage) => void;

function script(answers: readonly Answer[]): Script {
  let visits = 0;
  return (response, request) => {
    const visit = visits++;
    (answers[Math.min(visit, answers.length - 1)] ?? status(404))(response, request, visit);
  };
}

export function status(code: number, headers: OutgoingHttpHeaders = {}, text = ""): Answer {
  return (response) => void response.writeHead(code, headers).end(text);
}

/** How a body ends: with a clean end, with a broken connection, or not at all. */
export type Ending = "end" | "break" | "stay";

export function sse(text: string, ending?: Ending, headers?: OutgoingHttpHeaders): Answer {
  return body("text/event-stream", text, ending, headers);
}

export function lines(text: string, ending?: Ending): Answer {
  return body("application/x-ndjson", text, ending);
}

export function body(
  contentType: string,
  bytes: string | Buffer,
  ending: Ending = "end",
  headers: OutgoingHttpHeaders = {},
): Answer {
  return (response) => {
    response.writeHead(200, { "content-type": contentType, ...headers }).flushHeaders();
    const after = () => {
      if (ending === "end") response.end();
      if (ending === "break") setImmediate(() => response.destroy());
    };
    if (bytes.length === 0) after();
    else response.write(bytes, after);
  };
}

/** A whole body in uneven pieces, each flushed before the next. The connection stays open. @param start resolves before the first one */
export function pieces(contentType: string, bytes: Buffer, start?: Promise<void>): Answer {
  return async (response) => {
    response.writeHead(200, { "content-type": contentType }).flushHeaders();
    await start;
    for (let at = 0, size = 1; at < bytes.length && !response.destroyed; at += size) {
      size = 1 + ((size * 7_919) % 8_191);
      await new Promise<unknown>((flushed) => response.write(bytes.subarray(at, at + size), flushed));
    }
  };
}

/** One line every 20 ms, until the client leaves. */
export function ticking(prefix: string): Answer {
  return (response) => {
    response.writeHead(200, { "content-type": "application/x-ndjson" });
    let count = 0;
    const timer = setInterval(() => response.write(`{"event":"${prefix}-${count++}"}\n`), 20);
    response.on("close", () => clearInterval(timer));
  };
}
