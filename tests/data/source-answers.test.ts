import assert from "node:assert/strict";
import { createServer as createHttp2Server, createSecureServer } from "node:http2";
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { createGzip } from "node:zlib";
import { startConnectProxy } from "../fakes/connect-proxy";
import { type Answer, body, sse, startUpstream, status, type Upstream } from "../fakes/upstream";
import { certificate } from "./certificate";
import { type Setup, START, setUp, until } from "./harness";

/** What real sources answer: wrong lengths, odd codings, withheld heads. */
describe("answers of a source on the wire", () => {
  const closing: (() => unknown)[] = [];
  const source = async (...answers: Answer[]): Promise<Upstream> => {
    const one = await startUpstream(...answers);
    closing.push(one.close);
    return one;
  };
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });
  const runToEnd = async (answers: Answer[], setup: Setup = {}) => {
    const upstream = await source(...answers, status(204));
    const one = setUp(upstream, setup);
    const outcome = await one.relay.run();
    return { ...one, outcome, requests: upstream.requests, data: one.store.events.map((event) => event.data) };
  };
  /** Writes each connection's answer as it is. Returns the URL. */
  const raw = async (answer: (socket: Socket, visit: number) => void) => {
    let visits = 0;
    const sockets = new Set<Socket>();
    const server: Server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => {}).once("data", () => answer(socket, visits++));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closing.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}`, visits: () => visits };
  };
  const NO_CONTENT = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";

  describe("content-encoding", () => {
    for (const coding of ["none", "utf-8", "chunked", "gzip, aws-chunked"])
      it(`reads "${coding}" as far as it is a compression, with a warning`, async () => {
        const answer: Answer = (response) => {
          response.writeHead(200, { "content-type": "text/event-stream", "content-encoding": coding });
          if (!coding.startsWith("gzip")) return void response.end("data: a\n\n");
          const gzip = createGzip();
          gzip.pipe(response);
          gzip.end("data: a\n\n");
        };
        const { data, log } = await runToEnd([answer]);
        assert.deepEqual(data, ["a"]);
        assert.match(log.lines.find(({ level }) => level === "warn")!.message, /is not a compression/);
      });
  });

  describe("compression", () => {
    const withheld: Answer = (response, request) => {
      const compressed = /gzip/.test(request.headers["accept-encoding"] as string);
      if (!compressed) sse("data: a\n\n", "end")(response, request, 0);
    };

    it("asks for identity by default", async () => {
      const { requests } = await runToEnd([]);
      assert.equal(requests[0]!.headers["accept-encoding"], "identity");
    });

    it("continues without it, and remembers that, when a compressed connection delivers nothing", async () => {
      const upstream = await source(withheld, withheld, status(204));
      const setup = { source: { compression: true, idleTimeoutMs: 100_000 } };
      const { relay, clock, store, log } = setUp(upstream, setup);
      const run = relay.run();
      await until(() => upstream.requests.length === 1);
      await clock.advance(100_000);
      await run;
      assert.deepEqual(
        upstream.requests.map(({ headers }) => headers["accept-encoding"]),
        ["gzip, br, zstd", "identity", "identity"],
      );
      assert.deepEqual(
        store.events.map(({ data }) => data),
        ["a"],
      );
      assert.equal(relay.snapshot().history.uncompressed, true);
      assert.ok(log.lines.some(({ message }) => /without compression/.test(message)));
      const next = setUp(upstream, { ...setup, options: { history: { uncompressed: true } } });
      await next.relay.run();
      assert.equal(upstream.requests.at(-1)!.headers["accept-encoding"], "identity");
    });

    it("keeps it for a source that flushes", async () => {
      const answer: Answer = (response) => {
        response.writeHead(200, { "content-type": "text/event-stream", "content-encoding": "gzip" });
        const gzip = createGzip();
        gzip.pipe(response);
        gzip.end("data: a\n\n");
      };
      const { relay, data } = await runToEnd([answer], { source: { compression: true } });
      assert.deepEqual(data, ["a"]);
      assert.equal(relay.snapshot().history.uncompressed, undefined);
    });
  });

  it("reports a source that stays silent for a hop shorter than the idle timeout", async () => {
    const upstream = await source(() => {});
    const { relay, clock } = setUp(upstream, { options: { stopReadingAt: START + 600_000 } });
    const run = relay.run();
    await until(() => upstream.requests.length === 1);
    await clock.advance(600_000);
    assert.deepEqual(await run, { kind: "stopped" });
    assert.match(relay.snapshot().lastError!.message, /sent no response head in 600000 ms/);
  });

  describe("format", () => {
    it("uses a format that the settings name for any content type", async () => {
      const page = body("text/html", '{"a":1}\n');
      const { data } = await runToEnd([page], { source: { format: "lines" } });
      assert.deepEqual(data, ['{"a":1}']);
      const problem = body("application/problem+json", "data: x\n\n");
      assert.deepEqual((await runToEnd([problem], { source: { format: "sse" } })).data, ["x"]);
    });

    for (const size of [1, 2, 3, 100])
      it(`skips a byte order mark before the first line, in pieces of ${size} bytes`, async () => {
        const bytes = Buffer.from("\uFEFFone\n\uFEFFtwo\n");
        const answer: Answer = (response) => {
          response.writeHead(200, { "content-type": "application/x-ndjson" });
          const write = (from: number): void => {
            if (from >= bytes.length) return void response.end();
            response.write(bytes.subarray(from, from + size), () => setImmediate(write, from + size));
          };
          write(0);
        };
        assert.deepEqual((await runToEnd([answer])).data, ["one", "\uFEFFtwo"]);
      });

    it("does not count the byte order mark as part of a line at the size limit", async () => {
      const line = "x".repeat(1_024);
      const { data, relay } = await runToEnd([body("application/x-ndjson", `\uFEFF${line}\n\uFEFF${line}\n`)], {
        events: { maxEventBytes: 1_024 },
      });
      assert.deepEqual(data, [line]);
      assert.equal(relay.snapshot().counters.refused, 1);
    });
  });

  it("reads a chunked response that also has a Content-Length", async () => {
    const head =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n";
    const upstream = await raw((socket, visit) =>
      visit > 1 ? socket.end(NO_CONTENT) : socket.end(`${head}9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n0\r\n\r\n`),
    );
    const { relay, store } = setUp(upstream);
    assert.deepEqual(await relay.run(), { kind: "completed" });
    assert.deepEqual(
      store.events.map(({ data }) => data),
      ["1", "2"],
    );
  });

  it("requests later responses of such a server once each, and through the proxy of the source", async () => {
    const proxy = await startConnectProxy("ann:pass");
    closing.push(proxy.close);
    const head = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n";
    const { key, cert } = certificate();
    let requests = 0;
    const server = createTlsServer({ key, cert }, (socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.end(++requests > 3 ? NO_CONTENT : `${head}2\r\n${requests}\n\r\n0\r\n\r\n`));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closing.push(() => server.close());
    const { port } = server.address() as { port: number };
    const secret = { proxy: proxy.url, tls: { ca: cert } };
    const { relay, store } = setUp({ url: `https://127.0.0.1:${port}` }, { secret });
    assert.deepEqual(await relay.run(), { kind: "completed" });
    assert.deepEqual(
      store.events.map(({ data }) => data),
      ["2", "3"],
    );
    assert.deepEqual(proxy.tunnels, Array(requests).fill(`127.0.0.1:${port}`));
  });

  it("does not take a lost HTTP/2 connection for the end of the response", async () => {
    const server = createHttp2Server();
    let requests = 0;
    server.on("stream", (stream) => {
      stream.on("error", () => {});
      if (++requests > 1) return stream.respond({ ":status": 204 }, { endStream: true });
      stream.respond({ ":status": 200, "content-type": "application/x-ndjson" });
      stream.write('{"whole":1}\n{"half":', () => stream.session?.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closing.push(() => server.close());
    const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
    const { relay, store } = setUp({ url }, { source: { http2: true, end: "complete" } });
    assert.deepEqual(await relay.run(), { kind: "completed" });
    assert.equal(requests, 2);
    assert.deepEqual(
      store.events.map(({ data }) => data),
      ['{"whole":1}'],
    );
  });

  it("reads a server that speaks only HTTP/2, with its private authority", async () => {
    const { key, cert } = certificate();
    const server = createSecureServer({ key, cert, allowHTTP1: false });
    const paths: string[] = [];
    server.on("stream", (stream, headers) => {
      paths.push(`${headers[":method"]} ${headers[":path"]} ${headers.authorization}`);
      if (paths.length > 1) return stream.respond({ ":status": 204 }, { endStream: true });
      stream.respond({ ":status": 200, "content-type": "text/event-stream" });
      stream.end("data: 1\n\n");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closing.push(() => server.close());
    const url = `https://127.0.0.1:${(server.address() as { port: number }).port}`;
    const { relay, store } = setUp({ url }, { source: { http2: true }, secret: { tls: { ca: cert } } });
    assert.deepEqual(await relay.run(), { kind: "completed" });
    assert.deepEqual(paths[0], "GET /stream/a%3Ab Bearer sesame-open");
    assert.equal(store.events.length, 1);
  });
});
