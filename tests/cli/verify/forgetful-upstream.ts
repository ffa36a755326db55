import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export const KEY = "a-key-of-the-upstream";
const TURN_MS = 20;
/** Events after the opening of a witness's connection: by then it has seen some that are stored. */
const WITHHELD_AFTER = 20;

/**
 * Numbers its events, sends heartbeats between them, goes on from a Last-Event-ID, and may be made to lose one event on the
 * way to the relay.
 */
export interface ForgetfulUpstream {
  readonly url: string;
  /** While it is set, one event after each opening of a witness's connection reaches that connection alone. */
  forgets: boolean;
  /** The number of the last event that was withheld. */
  readonly withheld: number | undefined;
  close(): Promise<void>;
}

/** A connection is a witness's when its query says so: the relay cannot tell it from any other. */
export async function startForgetfulUpstream(): Promise<ForgetfulUpstream> {
  const clients = new Map<ServerResponse, { readonly isWitness: boolean }>();
  let next = 1;
  let forgets = false;
  let withheldAt: number | undefined;
  const server = createServer((request, response) => {
    if (request.headers.authorization !== `Bearer ${KEY}`) return void response.writeHead(401).end();
    const isWitness = new URL(request.url ?? "/", "http://upstream").searchParams.has("witness");
    if (isWitness && forgets) withheldAt = next + WITHHELD_AFTER;
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    const last = Number(request.headers["last-event-id"] ?? next);
    for (let seq = last + 1; seq < next; seq++) send(response, seq, isWitness);
    clients.set(response, { isWitness });
    response.on("close", () => clients.delete(response));
  });
  function send(response: ServerResponse, seq: number, isWitness: boolean): void {
    if (isWitness || seq !== withheldAt) response.write(`id: ${seq}\ndata: {"seq":${seq}}\n\n`);
  }
  const timer = setInterval(() => {
    if (clients.size === 0) return;
    const seq = next++;
    for (const [response, { isWitness }] of clients) {
      // Heartbeats differ between connections, and are none of anybody's events.
      if (seq % 5 === 0) response.write(`data: {"type":"HEARTBEAT","to":${isWitness},"at":${seq}}\n\n`);
      send(response, seq, isWitness);
    }
  }, TURN_MS);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get forgets() {
      return forgets;
    },
    set forgets(does) {
      forgets = does;
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
