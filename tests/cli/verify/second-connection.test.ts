import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import type { ObservedEvents } from "../../../cli/verify/observed-events";
import { listen, openSecondConnection } from "../../../cli/verify/second-connection";
import { upstreamSecret } from "../../../cli/verify/upstream-secret";
import { CONTRACT_VERSION, type RelaySettings } from "../../../runtime/contract";
import { startUpstream, type Upstream } from "../../fakes/upstream";

const SETTINGS: RelaySettings = {
  v: CONTRACT_VERSION,
  source: {
    format: "auto",
    auth: { kind: "bearer" },
    resume: { kind: "last-event-id" },
    idleTimeoutMs: 60_000,
    on: [{ pointer: "/type", equals: "HEARTBEAT", action: "ignore" }],
    end: "reconnect",
    webSocket: { subprotocols: [], compression: false, ping: { intervalMs: 0 } },
  },
  relay: { handover: "auto", streamsPerHop: 1 },
  events: {
    identity: { kind: "content" },
    ttlDays: 7,
    maxEventBytes: 100,
    slices: 1,
  },
};

const AWS = { region: "eu-west-1", credentials: async () => ({ accessKeyId: "AKID", secretAccessKey: "hidden-key" }) };

describe("a second connection", () => {
  let server: Upstream;
  let respond: (response: ServerResponse, request: IncomingMessage) => void;
  const never = new AbortController().signal;

  beforeEach(async () => {
    server = await startUpstream((response, request) => respond(response, request));
  });
  afterEach(() => server.close());

  const inputs = (events: Partial<RelaySettings["events"]> = {}) => {
    const url = `${server.url}/hidden-path/{streamId}?token=t0ken`;
    const settings = { ...SETTINGS, events: { ...SETTINGS.events, ...events } };
    const secret = upstreamSecret({ url, key: "hush-hush" }, "EUR_USD", settings.source);
    return { ...secret, streamId: "EUR_USD", settings, aws: AWS };
  };
  const begin = (response: ServerResponse, type = "application/x-ndjson") =>
    response.writeHead(200, { "content-type": type });
  const beginnings = ({ events }: ObservedEvents) => events.map(({ beginning }) => beginning);

  describe("listen", () => {
    it("sends the deployment's credential and keeps each event once, without heartbeats", async () => {
      let sent: IncomingMessage | undefined;
      respond = (response, request) => {
        sent = request;
        begin(response).end('{"n":1}\n{"type":"HEARTBEAT"}\n\n{"n":2}\n{"n":1}\n{"n":3}\n');
      };
      const observed = await listen(inputs(), { signal: never });
      assert.equal(sent?.url, "/hidden-path/EUR_USD?token=t0ken");
      assert.equal(sent.headers.authorization, "Bearer hush-hush");
      assert.deepEqual(beginnings(observed), ['{"n":1}', '{"n":2}', '{"n":3}']);
      assert.deepEqual([observed.opened, observed.ended], [true, "the upstream ended it"]);
    });

    it("reads compressed SSE, and uses the id as the key where that is the identity", async () => {
      respond = (response) => {
        response.setHeader("content-encoding", "gzip");
        begin(response, "text/event-stream").end(gzipSync("id: 7\ndata: a\n\nid: 7\ndata: b\n\nid: 8\ndata: a\n\n"));
      };
      const { events } = await listen(inputs({ identity: { kind: "sse-id" } }), { signal: never });
      assert.equal(events.length, 2);
      assert.notEqual(events[0]?.key, events[1]?.key);
      assert.equal(events[0]?.content, events[1]?.content);
    });

    it("uses the content as the key under arrival, because the relay's keys are random", async () => {
      respond = (response) => begin(response).end("a\nb\na\n");
      const { events } = await listen(inputs({ identity: { kind: "arrival" } }), { signal: never });
      assert.deepEqual(
        events.map(({ key, content }) => key === content),
        [true, true],
      );
    });

    it("keeps the complete events of a connection that breaks", async () => {
      respond = (response) => begin(response).write('{"n":1}\n{"n":', () => response.destroy());
      const observed = await listen(inputs(), { signal: never });
      assert.deepEqual(beginnings(observed), ['{"n":1}']);
      assert.match(observed.ended ?? "", /UND_ERR_SOCKET|ECONNRESET/);
    });

    it("stops at its limit of events", async () => {
      respond = (response) => begin(response).write("1\n2\n3\n4\n");
      const observed = await listen(inputs(), { signal: never, maxEvents: 3 });
      assert.deepEqual(beginnings(observed), ["1", "2", "3"]);
      assert.equal(observed.ended, "it reached its limit of 3 events");
    });

    for (const [status, advice] of [
      [401, /answered 401\. Check that STREAM_INGESTION_VERIFY_KEY is set and valid\./],
      [429, /answered 429\. If the upstream allows only one connection, omit --upstream/],
      [404, /answered 404\. Check --upstream\./],
    ] as const)
      it(`gives advice for status ${status}`, async () => {
        respond = (response) => response.writeHead(status).end("hush-hush");
        const { opened, ended, events } = await listen(inputs(), { signal: never });
        assert.deepEqual([opened, events], [false, []]);
        assert.match(ended ?? "", advice);
      });

    it("reports a response that is not a stream", async () => {
      respond = (response) => begin(response, "text/html").end("<p>");
      const { opened, ended } = await listen(inputs(), { signal: never });
      assert.equal(opened, false);
      assert.match(ended ?? "", /SOURCE_FORMAT Expected the source to answer with text\/event-stream/);
    });

    it("shows neither host, path, query nor key when the connect fails", async () => {
      const args = inputs();
      await server.close();
      const { opened, ended } = await listen(args, { signal: never });
      assert.equal(opened, false);
      assert.match(ended ?? "", /ECONNREFUSED/);
      assert.doesNotMatch(ended ?? "", /127\.0\.0\.1|hidden|t0ken|hush/);
    });
  });

  describe("openSecondConnection", () => {
    it("is open after the response head, and reports no early end when it is closed", async () => {
      let closed: Promise<unknown> | undefined;
      respond = (response) => {
        closed = once(response, "close");
        begin(response).flushHeaders();
      };
      const connection = openSecondConnection(inputs(), never);
      await connection.opened;
      assert.deepEqual(await connection.close(), { events: [], opened: true, ended: undefined });
      await closed;
    });

    it("closes a compressed stream in the middle of a block", async () => {
      respond = (response) => {
        response.setHeader("content-encoding", "gzip");
        begin(response).write(gzipSync('{"n":1}\n').subarray(0, 12));
      };
      const connection = openSecondConnection(inputs(), never);
      await connection.opened;
      assert.equal((await connection.close()).ended, undefined);
    });

    it("ends when the run is interrupted before the upstream answers", async () => {
      const interrupted = new AbortController();
      let closed: Promise<unknown> | undefined;
      respond = (response) => {
        closed = once(response, "close");
        interrupted.abort();
      };
      const connection = openSecondConnection(inputs(), interrupted.signal);
      await connection.opened;
      assert.equal((await connection.close()).opened, false);
      await closed;
    });
  });
});
