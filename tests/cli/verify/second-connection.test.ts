import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import type { Testimony } from "../../../cli/verify/observed-events";
import { listen, openWitness } from "../../../cli/verify/second-connection";
import { upstreamRequest } from "../../../cli/verify/upstream-request";
import { CONTRACT_VERSION, type RelaySettings } from "../../../runtime/contract";

const SETTINGS: RelaySettings = {
  v: CONTRACT_VERSION,
  source: { format: "auto", auth: { kind: "bearer" }, resume: { kind: "last-event-id" }, idleTimeoutMs: 60_000 },
  relay: { handover: "auto", streamsPerHop: 1 },
  events: {
    identity: { kind: "content" },
    ignore: [{ kind: "pointer", pointer: "/type", equals: "HEARTBEAT" }],
    ttlDays: 7,
    maxEventBytes: 100,
    slices: 1,
  },
};

describe("a second connection", () => {
  let server: Server;
  let respond: (response: ServerResponse, request: IncomingMessage) => void;
  const never = new AbortController().signal;

  beforeEach(async () => {
    server = createServer((request, response) => respond(response, request)).listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const given = (events: Partial<RelaySettings["events"]> = {}) => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hidden-path/{streamId}?token=t0ken`;
    const settings = { ...SETTINGS, events: { ...SETTINGS.events, ...events } };
    return [upstreamRequest(url, "hush-hush", "EUR_USD", settings.source), settings] as const;
  };
  const begin = (response: ServerResponse, type = "application/x-ndjson") =>
    response.writeHead(200, { "content-type": type });
  const beginnings = ({ events }: Testimony) => events.map(({ beginning }) => beginning);

  describe("listen", () => {
    it("asks with the deployment's credential, and remembers each event once, without heartbeats", async () => {
      let asked: IncomingMessage | undefined;
      respond = (response, request) => {
        asked = request;
        begin(response).end('{"n":1}\n{"type":"HEARTBEAT"}\n\n{"n":2}\n{"n":1}\n{"n":3}\n');
      };
      const testimony = await listen(...given(), { signal: never });
      assert.equal(asked?.url, "/hidden-path/EUR_USD?token=t0ken");
      assert.equal(asked.headers.authorization, "Bearer hush-hush");
      assert.deepEqual(beginnings(testimony), ['{"n":1}', '{"n":2}', '{"n":3}']);
      assert.deepEqual([testimony.opened, testimony.ended], [true, "the upstream ended it"]);
    });

    it("reads compressed SSE, and goes by the id where that is the identity", async () => {
      respond = (response) => {
        response.setHeader("content-encoding", "gzip");
        begin(response, "text/event-stream").end(gzipSync("id: 7\ndata: a\n\nid: 7\ndata: b\n\nid: 8\ndata: a\n\n"));
      };
      const { events } = await listen(...given({ identity: { kind: "sse-id" } }), { signal: never });
      assert.equal(events.length, 2);
      assert.notEqual(events[0]?.key, events[1]?.key);
      assert.equal(events[0]?.content, events[1]?.content);
    });

    it("goes by the content under arrival, whose keys nobody else can know", async () => {
      respond = (response) => begin(response).end("a\nb\na\n");
      const { events } = await listen(...given({ identity: { kind: "arrival" } }), { signal: never });
      assert.deepEqual(
        events.map(({ key, content }) => key === content),
        [true, true],
      );
    });

    it("keeps what it saw of a connection that breaks, without the event it had half of", async () => {
      respond = (response) => begin(response).write('{"n":1}\n{"n":', () => response.destroy());
      const testimony = await listen(...given(), { signal: never });
      assert.deepEqual(beginnings(testimony), ['{"n":1}']);
      assert.match(testimony.ended ?? "", /UND_ERR_SOCKET|ECONNRESET/);
    });

    it("stops when it remembers as much as it may", async () => {
      respond = (response) => begin(response).write("1\n2\n3\n4\n");
      const testimony = await listen(...given(), { signal: never, maxEvents: 3 });
      assert.deepEqual(beginnings(testimony), ["1", "2", "3"]);
      assert.equal(testimony.ended, "it remembers 3 events and no more");
    });

    for (const [status, advice] of [
      [401, /answered 401\. Is STREAM_INGESTION_VERIFY_KEY set, and right\?/],
      [429, /answered 429\. An upstream that allows one connection bears no witness/],
      [404, /answered 404\. Is --upstream right\?/],
    ] as const)
      it(`says what to do about ${status}`, async () => {
        respond = (response) => response.writeHead(status).end("hush-hush");
        const { opened, ended, events } = await listen(...given(), { signal: never });
        assert.deepEqual([opened, events], [false, []]);
        assert.match(ended ?? "", advice);
      });

    it("says that a page is no stream", async () => {
      respond = (response) => begin(response, "text/html").end("<p>");
      const { opened, ended } = await listen(...given(), { signal: never });
      assert.equal(opened, false);
      assert.match(ended ?? "", /SOURCE_FORMAT Expected the source to answer with text\/event-stream/);
    });

    it("shows neither host, path, query nor key when nobody answers", async () => {
      const asked = given();
      server.close();
      await once(server, "close");
      const { opened, ended } = await listen(...asked, { signal: never });
      assert.equal(opened, false);
      assert.match(ended ?? "", /ECONNREFUSED/);
      assert.doesNotMatch(ended ?? "", /127\.0\.0\.1|hidden|t0ken|hush/);
    });
  });

  describe("openWitness", () => {
    it("is open with the answer's head, leaves when it is told to, and calls that no early end", async () => {
      let closed: Promise<unknown> | undefined;
      respond = (response) => {
        closed = once(response, "close");
        begin(response).flushHeaders();
      };
      const witness = openWitness(...given(), never);
      await witness.opened;
      assert.deepEqual(await witness.leave(), { events: [], opened: true, ended: undefined });
      await closed;
    });

    it("leaves a compressed stream in its midst as well", async () => {
      respond = (response) => {
        response.setHeader("content-encoding", "gzip");
        begin(response).write(gzipSync('{"n":1}\n').subarray(0, 12));
      };
      const witness = openWitness(...given(), never);
      await witness.opened;
      assert.equal((await witness.leave()).ended, undefined);
    });

    it("ends when the run is interrupted, also before upstream answers", async () => {
      const interrupted = new AbortController();
      let closed: Promise<unknown> | undefined;
      respond = (response) => {
        closed = once(response, "close");
        interrupted.abort();
      };
      const witness = openWitness(...given(), interrupted.signal);
      await witness.opened;
      assert.equal((await witness.leave()).opened, false);
      await closed;
    });
  });
});
