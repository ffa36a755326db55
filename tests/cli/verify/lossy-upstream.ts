import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export const KEY = "a-key-of-the-upstream";
const INTERVAL_MS = 20;
/** How many events after the observer connects one is withheld: by then it has received some that are stored. */
const WITHHELD_AFTER = 20;

/** Numbers its events, sends heartbeats between them, resumes from Last-Event-ID, and can withhold one event from the relay. */
export interface LossyUpstream {
  readonly url: string;
  /** While true, one event after each observer's connect is sent to the observer only. */
  withholding: boolean;
  /** The number of the last event that was withheld. */
  readonly withheld: number | undefined;
  close(): Promise<void>;
}

/** A connection is the observer's when its query has the parameter `observer`, which the relay does not see. */
export async function startLossyUpstream(): Promise<LossyUpstream> {
  const clients = new Map<ServerResponse, { readonly isObserver: boolean }>();
  let next = 1;
  let withholding = false;
  let withheldAt: number | undefined;
  const server = createServer((request, response) => {
    if (request.headers.authorization !== `Bearer ${KEY}`) return void response.writeHead(401).end();
    const isObserver = new URL(request.url ?? "/", "http://upstream").searchParams.has("observer");
    if (isObserver && withholding) withheldAt = next + WITHHELD_AFTER;
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    const last = Number(request.headers["last-event-id"] ?? next);
    for (let seq = last + 1; seq < next; seq++) send(response, seq, isObserver);
    clients.set(response, { isObserver });
    response.on("close", () => clients.delete(response));
  });
  function send(response: ServerResponse, seq: number, isObserver: boolean): void {
    if (isObserver || seq !== withheldAt) response.write(`id: ${seq}\ndata: {"seq":${seq}}\n\n`);
  }
  const timer = setInterval(() => {
    if (clients.size === 0) return;
    const seq = next++;
    for (const [response, { isObserver }] of clients) {
      // Heartbeats differ between connections, so that a check that counts them as events fails.
      if (seq % 5 === 0) response.write(`data: {"type":"HEARTBEAT","to":${isObserver},"at":${seq}}\n\n`);
      send(response, seq, isObserver);
    }
  }, INTERVAL_MS);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get withholding() {
      return withholding;
    },
    set withholding(value) {
      withholding = value;
    },
    get withheld() {
      return withheldAt;
    },
    close: async () => {
      clearInterval(timer);
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
