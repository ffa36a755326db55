import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import type { RelaySettings } from "../../runtime/contract";
import { type Setup, setUp, until } from "./harness";

type Visit = (socket: WebSocket, request: IncomingMessage) => void;
type WebSocketSettings = RelaySettings["source"]["webSocket"];

const webSocket = (changes: Partial<WebSocketSettings> = {}): { webSocket: WebSocketSettings } => ({
  webSocket: { subprotocols: [], compression: false, ping: { intervalMs: 0 }, ...changes },
});

/** Sends the messages and closes with the code. */
const sends =
  (messages: readonly (string | Buffer)[], code?: number, reason?: string): Visit =>
  (socket) => {
    for (const message of messages) socket.send(message);
    if (code !== undefined) socket.close(code, reason);
  };

/** Waits for `count` messages before the visit. */
const onceReceived =
  (count: number, visit: Visit): Visit =>
  (socket, request) => {
    let messages = 0;
    socket.on("message", () => ++messages === count && visit(socket, request));
  };

/** RFC 6455, section 1.3. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

describe("a relay of a WebSocket", () => {
  let server: Server;
  let sockets: WebSocketServer;
  let requests: IncomingMessage[];
  let received: string[][];
  let closes: number[];

  /** The n-th connection gets the n-th visit. After the last, END ends the run. */
  const serve = async (visits: readonly Visit[], options: object = {}) => {
    server = createServer().listen(0, "127.0.0.1");
    sockets = new WebSocketServer({ server, ...options });
    requests = [];
    received = [];
    closes = [];
    sockets.on("connection", (socket, request) => {
      const visit = requests.push(request) - 1;
      received[visit] = [];
      socket.on("message", (data) => received[visit]!.push(data.toString()));
      socket.on("close", (code) => closes.push(code));
      (visits[visit] ?? sends(["END"]))(socket, request);
    });
    await once(server, "listening");
    return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` };
  };
  afterEach(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.closeAllConnections();
    server.close();
  });

  const END = { text: "END", action: "complete" } as const;
  /** Runs until a connection brings END. */
  const run = async (visits: readonly Visit[], setup: Setup = {}, options: object = {}) => {
    const source = await serve(visits, options);
    const one = setUp(source, { ...setup, source: { on: [END], ...setup.source } });
    const outcome = await one.relay.run();
    return {
      ...one,
      outcome,
      data: one.store.events.map((event) => event.data),
      counters: one.relay.snapshot().counters,
    };
  };

  it("opens with path, key and subprotocols, and sends its messages in order", async () => {
    const secret = { messages: ['{"auth":"{key}"}', '{"sub":"{streamId}","from":"{position}"}'], key: 'se"same' };
    const { outcome } = await run([onceReceived(2, sends(["END"]))], {
      secret,
      source: webSocket({ subprotocols: ["v2", "v1"] }),
    });
    assert.deepEqual(outcome, { kind: "completed" });
    const { url, headers } = requests[0]!;
    assert.equal(url, "/stream/a%3Ab");
    assert.equal(headers.authorization, 'Bearer se"same');
    assert.equal(headers["sec-websocket-protocol"], "v2,v1");
    assert.equal(headers["sec-websocket-extensions"], undefined);
    assert.ok(!("accept" in headers));
    assert.deepEqual(received[0], ['{"auth":"se\\"same"}', '{"sub":"a:b","from":""}']);
  });

  it("stores each text and binary message as one event, and bytes that are not UTF-8 as bytes", async () => {
    const bytes = Buffer.from([0xff, 0, 1]);
    const { data, store, counters } = await run([sends(["one\ntwo", Buffer.from('{"é":1}'), bytes, "END"])]);
    assert.deepEqual(data, ["one\ntwo", '{"é":1}', bytes]);
    assert.deepEqual(
      store.events.map(({ sequence }) => sequence),
      ["3.1.1", "3.1.2", "3.1.3"],
    );
    assert.deepEqual([counters.received, counters.stored, counters.ignored], [4, 3, 1]);
  });

  it("connects again after a normal close, from the last position, in a message", async () => {
    const { data } = await run(
      [onceReceived(1, sends(['{"n":1}', '{"n":"2\\""}'], 1000)), onceReceived(1, sends(['{"n":3}', "END"]))],
      {
        source: { resume: { kind: "message", pointer: "/n" } },
        secret: { messages: ['{"from":"{position}"}'] },
      },
    );
    assert.deepEqual(data, ['{"n":1}', '{"n":"2\\""}', '{"n":3}']);
    assert.deepEqual(received, [['{"from":""}'], ['{"from":"2\\""}']]);
  });

  it("does not wait for a source that closes and leaves its connection open", async () => {
    const source = await serve([]);
    server.removeAllListeners("upgrade");
    const frames = [Buffer.from("\x81\x011\x88\x02\x03\xe8", "latin1"), Buffer.from("\x81\x03END", "latin1")];
    server.on("upgrade", ({ headers }, socket) => {
      const accept = createHash("sha1").update(`${headers["sec-websocket-key"]}${GUID}`).digest("base64");
      socket.on("error", () => {}).resume();
      socket.write(
        `HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      socket.write(frames.shift()!);
    });
    const { relay, store } = setUp(source, { source: { on: [END] } });
    assert.deepEqual(await relay.run(), { kind: "completed" });
    assert.deepEqual(
      store.events.map(({ data }) => data),
      ["1"],
    );
  });

  it("completes at a normal close where source.end says so", async () => {
    const { outcome, data } = await run([sends(["a"], 1000)], { source: { end: "complete" } });
    assert.deepEqual(outcome, { kind: "completed" });
    assert.deepEqual(data, ["a"]);
  });

  it("connects again after a lost connection, and reports the close code without the key", async () => {
    const { data, log } = await run([
      (socket) => socket.send("a", () => socket.terminate()),
      sends(["b"], 4000, "sesame-open is late"),
    ]);
    assert.deepEqual(data, ["a", "b"]);
    const messages = log.lines.map(({ fields }) => (fields.error as Error | undefined)?.message);
    assert.ok(messages.includes("The WebSocket to the source failed: close code 1006"));
    assert.ok(messages.includes("The WebSocket to the source failed: close code 4000: *** is late"));
  });

  it("reads the secret again after close code 4401, and fails when it did not change", async () => {
    const { outcome, relay } = await run([sends(["a"], 4401, "no")]);
    assert.ok(outcome.kind === "failed");
    assert.deepEqual(
      { ...outcome.error, at: 0 },
      { code: "SOURCE_STATUS", status: 401, message: "The source closed the WebSocket with code 4401: no", at: 0 },
    );
    assert.equal(relay.snapshot().counters.stored, 1);
    assert.equal(requests.length, 1);
  });

  it("gives the connection after a refused one a new number", async () => {
    let version = 1;
    const source = await serve([sends(["a"], 3000), sends(["b", "END"])]);
    const { relay, store } = setUp(source, {
      source: { on: [END] },
      deps: { readSecret: async () => ({ secret: { url: source.url, path: "/" }, version: `v${version++}` }) },
    });
    await relay.run();
    assert.deepEqual(
      store.events.map(({ sequence }) => sequence),
      ["3.1.1", "3.2.1"],
    );
  });

  it("fails at once when its first connection is closed as a violation of policy, before any message", async () => {
    const { outcome } = await run([sends([], 1008, "no such feed")]);
    assert.ok(outcome.kind === "failed");
    assert.equal(outcome.error.status, 403);
    assert.equal(requests.length, 1);
  });

  const LONG_AGO = { openedAt: 1, refusal: { answer: "403", since: 1 } };

  it("fails after 30 minutes of such closes, although each connection opens first", async () => {
    const { outcome } = await run([sends([], 1008)], { options: { history: LONG_AGO } });
    assert.ok(outcome.kind === "failed");
  });

  it("continues after such a close of a connection that brought events", async () => {
    const { outcome } = await run([sends(["a"], 1008)], { options: { history: LONG_AGO } });
    assert.equal(outcome.kind, "completed");
  });

  it("waits as long as HTTP's 503 after close code 1013", async () => {
    const { clock } = await run([sends([], 1013)]);
    assert.ok(clock.sleeps.includes(2_500));
  });

  it("reports a handshake that is refused as the status it is", async () => {
    const verifyClient = (_: unknown, done: (ok: boolean, code: number, text: string) => void) =>
      done(false, 403, "sesame-open is not welcome");
    const { outcome } = await run([], {}, { verifyClient });
    assert.ok(outcome.kind === "failed");
    assert.equal(outcome.error.status, 403);
    assert.equal(outcome.error.message, "The source answered 403: *** is not welcome");
  });

  it("ends as refused on a 429 under singleAttempt, with the time of Retry-After", async () => {
    const verifyClient = (_: unknown, done: (ok: boolean, code: number, text: string, headers: object) => void) =>
      done(false, 429, "", { "retry-after": "7" });
    const { outcome, clock } = await run([], { options: { singleAttempt: () => true } }, { verifyClient });
    assert.deepEqual(outcome, { kind: "refused", status: 429, retryAt: clock.now() + 7_000 });
  });

  it("fails where a web server answers 200", async () => {
    const source = await serve([]);
    server.removeAllListeners("upgrade");
    server.on("request", (_, response) => response.end("hello"));
    const { relay } = setUp(source);
    const outcome = await relay.run();
    assert.ok(outcome.kind === "failed" && outcome.error.code === "SOURCE_FORMAT");
    assert.match(outcome.error.message, /answered 200 and opened no WebSocket: hello/);
  });

  it("refuses a message over the limit and keeps the connection", async () => {
    const { data, counters, log } = await run([sends(["a", "x".repeat(2_000), "b", "END"])], {
      events: { maxEventBytes: 1_024 },
    });
    assert.deepEqual(data, ["a", "b"]);
    assert.equal(counters.refused, 1);
    assert.ok(log.lines.some(({ fields }) => fields.code === "EVENT_TOO_LARGE"));
    assert.equal(requests.length, 1);
  });

  it("counts a message too long to be held, and continues on the next connection", async () => {
    const { data, counters } = await run([sends(["a", "x".repeat((16 << 20) + 1)]), sends(["b", "END"])], {
      events: { maxEventBytes: 1_024 },
    });
    assert.deepEqual(data, ["a", "b"]);
    assert.deepEqual([counters.refused, counters.reconnects], [1, 1]);
  });

  it("reads permessage-deflate where it is switched on", async () => {
    const text = "tick ".repeat(400);
    const { data } = await run(
      [sends([text, "b", "END"])],
      { source: webSocket({ compression: true }) },
      {
        perMessageDeflate: { threshold: 100 },
      },
    );
    assert.match(requests[0]!.headers["sec-websocket-extensions"]!, /permessage-deflate/);
    assert.deepEqual(data, [text, "b"]);
  });

  describe("ping", () => {
    const MS = 90_000;

    it("sends ping frames, and gives up on a source that answers none", async () => {
      let pings = 0;
      const source = await serve([(socket) => socket.on("ping", () => pings++)], { autoPong: false });
      const { relay, clock, stop } = setUp(source, { source: webSocket({ ping: { intervalMs: MS } }) });
      const run = relay.run();
      await until(() => relay.snapshot().connectedSince !== undefined);
      await clock.advance(MS);
      await until(() => pings === 1);
      await clock.advance(MS);
      await until(() => relay.snapshot().lastError !== undefined);
      stop();
      await run;
      assert.equal(relay.snapshot().lastError!.code, "SOURCE_IDLE");
      assert.match(relay.snapshot().lastError!.message, /did not answer a ping within 90000 ms/);
    });

    it("keeps a quiet connection whose pongs arrive, with a message as the ping", async () => {
      const source = await serve([(socket) => socket.on("message", () => socket.send('{"op":"pong"}'))]);
      const { relay, clock, stop } = setUp(source, {
        source: {
          ...webSocket({ ping: { intervalMs: MS, message: '{"op":"ping"}' } }),
          on: [{ pointer: "/op", action: "ignore" }],
        },
      });
      const run = relay.run();
      await until(() => relay.snapshot().connectedSince !== undefined);
      for (let n = 1; n <= 5; n++) {
        await clock.advance(MS);
        await until(() => relay.snapshot().counters.ignored === n);
      }
      stop();
      await run;
      assert.deepEqual([requests.length, received[0]!.length], [1, 5]);
    });

    it("counts a ping of the source as a byte, for the idle timeout", async () => {
      const source = await serve([(socket) => setImmediate(() => socket.ping())]);
      const { relay, progress, stop } = setUp(source);
      const run = relay.run();
      await until(() => progress.some(({ kind }) => kind === "first-byte"));
      stop();
      await run;
      assert.equal(relay.snapshot().counters.received, 0);
    });
  });

  it("stops reading the socket while the table is slow, and stores everything afterwards", async () => {
    const EVENTS = 3_000;
    const text = "x".repeat(10_000);
    let sender: WebSocket | undefined;
    const source = await serve([
      (socket) => {
        sender = socket;
        for (let n = 0; n < EVENTS; n++) socket.send(`${n}${text}`);
        socket.send("END");
      },
    ]);
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const one = setUp(source, { source: { on: [END] } });
    const { write } = one.store;
    const store = {
      ...one.store,
      write: async (...args: Parameters<typeof write>) => {
        await gate;
        return write(...args);
      },
    };
    const { relay } = setUp(source, { source: { on: [END] }, deps: { store } });
    const run = relay.run();
    await until(() => sender !== undefined && relay.snapshot().counters.inFlight >= 500);
    // The relay has no room left: what the sender has not got rid of stays with it.
    let before = -1;
    while (before !== relay.snapshot().counters.received) {
      before = relay.snapshot().counters.received;
      for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
    }
    assert.ok(sender!.bufferedAmount > 1 << 20, `only ${sender!.bufferedAmount} bytes wait in the sender`);
    open();
    assert.equal((await run).kind, "completed");
    assert.equal(relay.snapshot().counters.stored, EVENTS);
  });

  it("leaves at once with a close frame when it is stopped", async () => {
    const source = await serve([sends(["a"])]);
    const { relay, store, stop } = setUp(source);
    const run = relay.run();
    await until(() => store.events.length === 1);
    stop();
    assert.deepEqual(await run, { kind: "stopped" });
    await until(() => closes.length === 1);
    assert.deepEqual(closes, [1000]);
  });

  it("leaves a handshake that never ends when it is stopped", async () => {
    const source = await serve([]);
    server.removeAllListeners("upgrade");
    let asked = false;
    server.on("upgrade", () => {
      asked = true;
    });
    const { relay, stop } = setUp(source);
    const run = relay.run();
    await until(() => asked);
    stop();
    assert.deepEqual(await run, { kind: "stopped" });
  });
});
