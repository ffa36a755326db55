import assert from "node:assert/strict";
import { createServer } from "node:http";
import { type WebSocket, WebSocketServer } from "ws";
import { groupBy } from "../../runtime/support/group-by";
import { listen } from "../fakes/http-server";
import { LONG_LEASE_SECONDS, useRecipe } from "./recipe";

const SYMBOL = "BTC-USD";
const CHANGE_EVERY_MS = 20;

/** A market feed: nothing before a subscription, then a snapshot and the changes to it. Remembers what each connection was sent. */
async function startMarket() {
  const server = createServer();
  const sockets = new WebSocketServer({ server });
  const connections: string[][] = [];
  let open = 0;
  let peak = 0;
  let skipped = 0;
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
      () => send({ type: "change", sequence: sent.length + 1 + skipped, bids: [["1.10", "7"]] }),
      CHANGE_EVERY_MS,
    );
    socket.on("close", () => clearInterval(timer));
  }
  const skipOne = () => {
    skipped++;
  };
  return { ...(await listen(server)), connections, peak: () => peak, skipOne };
}

/** The last message that the processor applied of each connection, and how many wait. */
function booksIn(logs: readonly string[]) {
  const states = logs
    .filter((line) => line.includes('"book":'))
    .map((line) => JSON.parse(line.slice(line.indexOf('{"book"'))) as { book: string; last: number; waiting: number });
  return new Map(states.map(({ book, ...state }) => [book.split(" ")[1]!, state]));
}

describe("the recipe websocket-order-book, on the local stack", () => {
  const running = useRecipe("websocket-order-book", startMarket, ({ url }) => ({
    secrets: { url: url.replace("http:", "ws:") },
    hopSeconds: LONG_LEASE_SECONDS,
  }));

  it("stores each connection's messages without a gap through two handovers, and mixes none", async () => {
    const { upstream: market, recipe } = running;
    await recipe.twoHandovers("break");
    const hasChanges = (connection: readonly string[]) => connection.length > 10;
    await recipe.until(
      "changes on three connections",
      () => market.connections.filter(hasChanges).length > 2 && hasChanges(market.connections.at(-1)!),
    );
    await recipe.stop();

    assert.equal(market.peak(), 1, "the market never saw two connections at once");
    const connections = groupBy(await recipe.stored(), ({ sequence }) => sequence.slice(0, sequence.lastIndexOf(".")));
    assert.equal(connections.size, market.connections.length);
    const books = booksIn(recipe.logs);
    const byGeneration = [...connections.keys()].sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
    byGeneration.forEach((connection, at) => {
      const received = connections
        .get(connection)!
        .sort((a, b) => counterOf(a.sequence) - counterOf(b.sequence))
        .map(({ data }) => data?.toString());
      // What was on its way when the relay closed the connection is not received. Everything before it is stored, in order.
      assert.deepEqual(received, market.connections[at]!.slice(0, received.length));
      assert.deepEqual(books.get(connection), { last: received.length, waiting: 0 });
    });
  });

  it("counts a number that the market skips, and no others", async () => {
    const { upstream: market, recipe } = running;
    const missing = async () => (await recipe.api.list()).map(({ counters }) => counters.missing);
    assert.deepEqual(await missing(), [0]);
    const before = market.connections.length;
    await recipe.api.start(SYMBOL);
    await recipe.until("changes", () => (market.connections[before]?.length ?? 0) > 10);
    market.skipOne();
    await recipe.until("a missing number", async () => (await missing())[0] === 1);
  });
});

const counterOf = (sequence: string) => Number(sequence.slice(sequence.lastIndexOf(".") + 1));
