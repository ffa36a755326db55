import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface FakeUpstreamOptions {
  /** `lines`: one JSON value per line. `sse`: Server-Sent Events with ids, which a client can resume. @default "lines" */
  readonly format?: "lines" | "sse";
  /** The bearer token that a request must have. Others get 401. @default every request is accepted */
  readonly key?: string;
  /** @default a free port */
  readonly port?: number;
}

/** An upstream on the loopback interface. The last segment of a request's path is the id of its stream. */
export interface FakeUpstream {
  /** For `source.url`, with the path `/{streamId}`. */
  readonly url: string;
  /** Number of open connections of a stream. */
  connections(streamId: string): number;
  /** Sends one event to every connection of the stream, now and when it opens. Values other than strings are encoded as JSON. */
  send(streamId: string, data: unknown): void;
  /** Breaks the open connections of a stream, as a network does. */
  drop(streamId: string): void;
  close(): Promise<void>;
}

interface Feed {
  readonly events: string[];
  readonly connections: Set<ServerResponse>;
}

/** A connection without a byte for `source.idleTimeoutSeconds`, 60 by default, counts as dead. */
const HEARTBEAT_MS = 15_000;

const FORMATS = {
  lines: { contentType: "application/x-ndjson", heartbeat: "\n", event: (data: string) => `${data}\n` },
  sse: {
    contentType: "text/event-stream",
    heartbeat: ":\n\n",
    event: (data: string, id: number) => `id: ${id}\n${data.replace(/^/gm, "data: ")}\n\n`,
  },
} as const;

/**
 * Starts an upstream whose events a test or a script sends. A connection first receives the earlier events of its stream: those after
 * its `Last-Event-ID` in the format `sse`, else all of them.
 *
 * @example
 * const upstream = await startFakeUpstream();
 * upstream.send("EUR_USD", { price: 1.1 });
 */
export async function startFakeUpstream({
  format = "lines",
  key,
  port = 0,
}: FakeUpstreamOptions = {}): Promise<FakeUpstream> {
  const { contentType, heartbeat, event } = FORMATS[format];
  const feeds = new Map<string, Feed>();
  const feedOf = (streamId: string): Feed => {
    const feed = feeds.get(streamId) ?? { events: [], connections: new Set() };
    feeds.set(streamId, feed);
    return feed;
  };

  const server = createServer((request, response) => {
    if (key !== undefined && request.headers.authorization !== `Bearer ${key}`) {
      response.writeHead(401).end();
      return;
    }
    const streamId = streamIdOf(request);
    if (streamId === undefined) {
      response.writeHead(400).end();
      return;
    }
    const { events, connections } = feedOf(streamId);
    response.writeHead(200, { "content-type": contentType });
    response.write(heartbeat + events.slice(format === "sse" ? positionOf(request) : 0).join(""));
    connections.add(response);
    response.on("close", () => connections.delete(response));
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  const heartbeats = setInterval(() => {
    for (const { connections } of feeds.values()) for (const response of connections) response.write(heartbeat);
  }, HEARTBEAT_MS);

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: (streamId) => feedOf(streamId).connections.size,
    send: (streamId, data) => {
      const { events, connections } = feedOf(streamId);
      const text = typeof data === "string" ? data : JSON.stringify(data);
      if (format === "lines" && text.includes("\n"))
        throw new Error(
          "Expected an event of the format `lines` to have no line break, got one. Use the format `sse`.",
        );
      const frame = event(text, events.length + 1);
      events.push(frame);
      for (const response of connections) response.write(frame);
    },
    drop: (streamId) => {
      for (const response of feedOf(streamId).connections) response.destroy();
    },
    close: async () => {
      clearInterval(heartbeats);
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Absent: the path is not valid percent-encoding. */
function streamIdOf({ url = "/" }: IncomingMessage): string | undefined {
  try {
    return decodeURIComponent(url.split("?")[0]!.split("/").at(-1)!);
  } catch {
    return undefined;
  }
}

/** The number of events that the client has. */
function positionOf({ headers }: IncomingMessage): number {
  const position = Number(headers["last-event-id"]);
  return Number.isInteger(position) && position > 0 ? position : 0;
}
