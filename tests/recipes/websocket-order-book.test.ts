import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { type WebSocket, WebSocketServer } from "ws";
import { type IngestionStack, startIngestionStack } from "../../cli/local/ingestion-stack";
import { stackEvents } from "../../cli/local/stack-event";
import { readStoredEvents } from "../../cli/local/stored-events";
import { groupBy } from "../../runtime/support/group-by";
import { programFolder } from "../local/evaluate/program-folder";

const ROOT = resolve(__dirname, "../..");
const RECIPE = join(ROOT, "docs/recipes/websocket-order-book");
const SYMBOL = "BTC-USD";
const CHANGE_EVERY_MS = 20;
const HANDOVERS = 2;

/** The recipe's files, with this repository's sources as its packages. */
function recipeFolder() {
  const source = (file: string) =>
    readFileSync(join(RECIPE, file), "utf8")
      .replace('"pulumi-stream-ingestion"', JSON.stringify(join(ROOT, "components/index")))
      .replace('"pulumi-stream-ingestion/processor"', JSON.stringify(join(ROOT, "runtime/processor/index")));
  return programFolder({ "index.ts": source("index.ts"), "processor.ts": source("processor.ts") });
}

/** A market feed: nothing before a subscription, then a snapshot and the changes to it. Remembers what each connection was sent. */
function startMarket() {
  const server = createServer();
  const sockets = new WebSocketServer({ server });
  const connections: string[][] = [];
  let open = 0;
  let peak = 0;
  sockets.on("connection", (socket: WebSocket) => {
    peak = Math.max(peak, ++open);
    socket.on("close", () => open--);
    socket.on("message", (data) => {
      const message = JSON.parse(data.toString()) as { op: string; symbol?: string };
      if (message.op === "ping") return socket.send('{"op":"pong"}');
      if (message.op !== "subscribe" || message.symbol !== SYMBOL) return socket.send('{"error":"unknown symbol"}');
      subscribe(socket);
    });
  });

  function subscribe(socket: WebSocket): void {
    const sent: string[] = [];
    connections.push(sent);
    const send = (message: object) => {
      const text = JSON.stringify(message);
      sent.push(text);
      socket.send(text);
    };
    send({ type: "snapshot", sequence: 1, bids: [["1.10", "5"]] });
    // The same change again and again, on every connection: only the arrival distinguishes two of them.
    const timer = setInterval(
      () => send({ type: "change", sequence: sent.length + 1, bids: [["1.10", "7"]] }),
      CHANGE_EVERY_MS,
    );
    socket.on("close", () => clearInterval(timer));
  }
  return { server, connections, peak: () => peak, close: () => close(server, sockets) };
}

function close(server: Server, sockets: WebSocketServer): void {
  for (const socket of sockets.clients) socket.terminate();
  server.close();
}

describe("the recipe websocket-order-book, on the local stack", function () {
  this.timeout(120_000);
  const market = startMarket();
  let folder: ReturnType<typeof recipeFolder>;
  let stack: IngestionStack;
  let handovers = 0;
  let processed = 0;
  /** The last message that the processor applied, and how many wait, by connection. */
  const books = new Map<string, { readonly last?: number; readonly waiting: number }>();
  let happened = () => {};

  before(async () => {
    await new Promise<void>((listening) => market.server.listen(0, "127.0.0.1", listening));
    folder = recipeFolder();
    const tables = new Set<string>();
    stack = await startIngestionStack({
      program: folder.path,
      stack: "dev",
      config: {},
      secrets: { url: `ws://127.0.0.1:${(market.server.address() as AddressInfo).port}` },
      hopSeconds: 5,
      onReport: () => {},
      onEvent: (event) => {
        if (event.kind === "record") tables.add(event.table);
        for (const one of stackEvents(event, tables)) {
          if (one.kind === "handover") handovers++;
          if (one.kind === "processed") processed++;
          if (one.kind === "log" && one.line.includes('"book":')) noteBook(one.line);
        }
        happened();
      },
    });
  });
  const noteBook = (line: string) => {
    const { book, ...state } = JSON.parse(line.slice(line.indexOf('{"book"'))) as {
      book: string;
      last?: number;
      waiting: number;
    };
    books.set(book.split(" ")[1]!, state);
  };
  after(async () => {
    await stack?.close();
    folder?.remove();
    market.close();
  });

  const until = (is: () => boolean) =>
    new Promise<void>((resolve) => {
      happened = () => is() && resolve();
      happened();
    });

  it("stores each connection's messages without a gap through two handovers, and mixes none", async () => {
    await until(() => handovers >= HANDOVERS && market.connections.length > HANDOVERS);
    await stack.stopStreams(20_000);
    const { eventTables } = stack.instances[0]!;
    const stored = (await Promise.all(eventTables.map((table) => readStoredEvents(stack.cloud, table)))).flat();
    await until(() => processed >= stored.length);

    assert.equal(market.peak(), 1, "the market never saw two connections at once");
    const connections = groupBy(stored, ({ sequence }) => sequence.slice(0, sequence.lastIndexOf(".")));
    assert.equal(connections.size, market.connections.length);
    const byGeneration = [...connections.keys()].sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
    byGeneration.forEach((connection, at) => {
      const received = connections
        .get(connection)!
        .sort((a, b) => counterOf(a.sequence) - counterOf(b.sequence))
        .map(({ data }) => data?.toString());
      // What was on its way when the relay closed the connection is not received. Everything before it is stored, in order.
      assert.deepEqual(received, market.connections[at]!.slice(0, received.length));
      assert.ok(received.length > 1, `connection ${connection} brought only a snapshot`);
      assert.deepEqual(books.get(connection), { last: received.length, waiting: 0 });
    });
  });
});

const counterOf = (sequence: string) => Number(sequence.slice(sequence.lastIndexOf(".") + 1));
