import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { unaccounted } from "../../runtime/contract";
import type { EncodedItem } from "../../runtime/data/item";
import { StreamError } from "../../runtime/support/errors";
import { type Answer, body, sse, status } from "../fakes/upstream";
import { type Setup, START, setUp, until } from "./harness";
import { useUpstreams } from "./use-upstreams";

describe("a relay on the wire", () => {
  const source = useUpstreams();
  /** Runs until the source answers 204. */
  const runToEnd = async (answers: Answer[], setup: Setup = {}) => {
    const upstream = await source(...answers, status(204));
    const one = setUp(upstream, setup);
    const outcome = await one.relay.run();
    return { ...one, outcome, requests: upstream.requests, data: one.store.events.map((event) => event.data) };
  };

  describe("request", () => {
    it("sends an uncached GET for an event stream with a bearer key, without an empty Last-Event-ID", async () => {
      const { requests, outcome } = await runToEnd([]);
      assert.deepEqual(outcome, { kind: "completed" });
      const { method, url, headers } = requests[0]!;
      assert.deepEqual([method, url], ["GET", "/stream/a%3Ab"]);
      assert.match(headers.accept!, /^text\/event-stream/);
      assert.equal(headers["cache-control"], "no-cache");
      assert.equal(headers.authorization, "Bearer sesame-open");
      assert.ok(!("last-event-id" in headers));
    });

    it("sends the key in a named header or in the query, together with the secret's headers and query", async () => {
      const secret = { headers: { "X-App": "one" }, query: { snapshot: "true" } };
      const named = await runToEnd([], { secret, source: { auth: { kind: "header", name: "X-Key" } } });
      assert.equal(named.requests[0]!.headers["x-key"], "sesame-open");
      assert.equal(named.requests[0]!.headers["x-app"], "one");
      assert.ok(!("authorization" in named.requests[0]!.headers));
      const query = await runToEnd([], { secret, source: { auth: { kind: "query", name: "token" } } });
      assert.equal(query.requests[0]!.url, "/stream/a%3Ab?snapshot=true&token=sesame-open");
    });

    it("sends the given checkpoint, encoded as UTF-8 bytes", async () => {
      const { requests } = await runToEnd([], { options: { checkpoint: "…" } });
      assert.equal(Buffer.from(requests[0]!.headers["last-event-id"] as string, "latin1").toString(), "…");
    });

    it("refuses a key with control characters and does not show it", async () => {
      const { outcome } = await runToEnd([], { secret: { key: "open\r\nx: y" } });
      assert.ok(outcome.kind === "failed" && outcome.error.code === "CONFIG_INVALID");
      assert.doesNotMatch(outcome.error.message, /x: y/);
    });
  });

  describe("redirect", () => {
    for (const code of [301, 302, 303, 307, 308])
      it(`follows ${code} on the same origin with the key`, async () => {
        const { requests, data } = await runToEnd([status(code, { location: "/other" }), sse("data: x\n\n")]);
        assert.equal(requests[1]!.url, "/other");
        assert.equal(requests[1]!.headers.authorization, "Bearer sesame-open");
        assert.deepEqual(data, ["x"]);
      });

    it("sends no key, headers or query to another origin", async () => {
      const other = await source(sse("data: x\n\n"), status(204));
      const first = await source(status(307, { location: `${other.url}/there` }), status(204));
      const secret = { headers: { "x-app": "secret-app" }, query: { q: "secret-query" } };
      const { relay, store } = setUp(first, { secret });
      await relay.run();
      assert.equal(store.events.length, 1);
      assert.doesNotMatch(JSON.stringify([other.requests[0]!.url, other.requests[0]!.rawHeaders]), /sesame|secret/);
    });

    for (const headers of [{}, { location: "" }])
      it(`reports a redirect with ${"location" in headers ? "an empty" : "no"} Location and tries again later`, async () => {
        const { relay, requests, clock } = await runToEnd([status(301, headers)]);
        assert.equal(relay.snapshot().lastError?.code, "SOURCE_STATUS");
        assert.equal(requests.length, 2);
        assert.ok(clock.sleeps.includes(2_500));
      });

    it("reports a redirect loop", async () => {
      const upstream = await source(status(302, { location: "/again" }));
      const { relay, stop } = setUp(upstream);
      const run = relay.run();
      await until(() => relay.snapshot().lastError !== undefined);
      stop();
      await run;
      assert.match(relay.snapshot().lastError!.message, /more than 5 redirects/);
    });
  });

  describe("reconnect", () => {
    it("sends the id of the last event that had one", async () => {
      const { requests } = await runToEnd([sse("id: abc\ndata: 1\n\ndata: 2\n\n", "break")]);
      assert.equal(requests[1]!.headers["last-event-id"], "abc");
    });

    for (const [what, value] of [
      ["a lone surrogate", '"\\ud800"'],
      ["a very long text", `"${"x".repeat(2_049)}"`],
    ] as const)
      it(`keeps the previous position instead of ${what}, and says so once`, async () => {
        const resume = { kind: "query", name: "since", pointer: "/at" } as const;
        const lines = ["7", value, value].map((at, n) => `{"n":${n},"at":${at}}\n`).join("");
        const { requests, relay, log, data } = await runToEnd([body("text/plain", lines)], { source: { resume } });
        assert.equal(requests[1]!.url, "/stream/a%3Ab?since=7");
        assert.equal(relay.snapshot().checkpoint, "7");
        assert.equal(data.length, 3);
        assert.equal(log.lines.filter(({ fields }) => fields.code === "POSITION_REFUSED").length, 1);
      });

    it("says once that ids are too long, and stores their events", async () => {
      const event = `id: ${"x".repeat(3_000)}\ndata: `;
      const { log, data } = await runToEnd([sse(`${event}1\n\n${event}2\n\n`)]);
      assert.deepEqual(data, ["1", "2"]);
      assert.equal(log.lines.filter(({ fields }) => fields.code === "POSITION_REFUSED").length, 1);
    });

    it("sends none after an empty id", async () => {
      const { requests, relay } = await runToEnd([sse("id: abc\ndata: 1\n\nid:\ndata: 2\n\n")]);
      assert.ok(!("last-event-id" in requests[1]!.headers));
      assert.equal(relay.snapshot().checkpoint, undefined);
    });

    it("discards a partial block and its id before the next connection", async () => {
      const { requests, store } = await runToEnd([
        sse("id: abc\ndata: Hello\n\nid: def\nevent: lost\ndata: Good", "break"),
        sse("data: next\n\n"),
        sse("data: third\n\n"),
      ]);
      assert.equal(requests[1]!.headers["last-event-id"], "abc");
      assert.deepEqual(
        store.events.map(({ data, type, id }) => ({ data, type, id })),
        [
          { data: "Hello", type: "message", id: "abc" },
          { data: "next", type: "message", id: "abc" },
          { data: "third", type: "message", id: "abc" },
        ],
      );
    });

    it("numbers events by generation, connection and counter", async () => {
      const { store } = await runToEnd([sse("data: 1\n\ndata: 2\n\n"), sse("data: 3\n\n")]);
      assert.deepEqual(
        store.events.map((event) => event.sequence),
        ["3.1.1", "3.1.2", "3.2.1"],
      );
    });

    it("applies retry, with a lower bound for a server that ends every response", async () => {
      const slow = await runToEnd([sse("retry: 03000\nretry: 1000x\ndata: 1\n\n", "break")]);
      assert.ok(slow.clock.sleeps.includes(3_000));
      const page = await runToEnd([sse("retry: 10\ndata: 1\n\n"), sse("data: 2\n\n"), sse("data: 3\n\n")]);
      assert.deepEqual(
        page.clock.sleeps.filter((ms) => ms === 250),
        [250, 250, 250],
      );
      assert.equal(page.relay.snapshot().attempt, 0);
    });

    it("counts a replay as suppressed and a repeat on one connection as repeated, and logs a repeat once", async () => {
      const { relay, store, log } = await runToEnd([
        sse("data: 1\n\ndata: 1\n\ndata: 1\n\n", "break"),
        sse("data: 1\n\n"),
      ]);
      const { received, stored, repeated, suppressed, reconnects } = relay.snapshot().counters;
      assert.deepEqual(
        { received, stored, repeated, suppressed },
        { received: 4, stored: 1, repeated: 2, suppressed: 1 },
      );
      assert.equal(reconnects, 2);
      assert.equal(store.events.length, 1);
      assert.equal(log.lines.filter((line) => line.fields.kind === "repeated").length, 1);
    });

    it("ends the hop when it may not reconnect", async () => {
      const { outcome, requests } = await runToEnd([sse("data: 1\n\n")], {
        options: { mayReconnect: async () => false },
      });
      assert.deepEqual([outcome.kind, requests.length], ["stopped", 1]);
    });
  });

  describe("idleness", () => {
    it("ends a connection after the idle timeout without a byte; any byte restarts the timeout", async () => {
      let write: (text: string) => void = () => {};
      const upstream = await source((response) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        write = (text) => void response.write(text);
        write(":");
      }, status(204));
      const { relay, clock } = setUp(upstream, { source: { idleTimeoutMs: 100_000 } });
      const run = relay.run();
      await until(() => relay.snapshot().counters.bytes === 1);
      await clock.advance(90_000);
      write(":");
      await until(() => relay.snapshot().counters.bytes === 2);
      await clock.advance(90_000);
      assert.equal(upstream.requests.length, 1);
      await clock.advance(10_000);
      assert.deepEqual(await run, { kind: "completed" });
      assert.equal(relay.snapshot().lastError?.code, "SOURCE_IDLE");
    });
  });

  describe("a late head", () => {
    it("waits for the response head as long as for a byte, however quiet the source is", async () => {
      let answer = () => {};
      const upstream = await source((...exchange) => {
        answer = () => sse("data: first\n\n", "stay")(...exchange);
      });
      const { relay, clock, store, stop } = setUp(upstream, { source: { idleTimeoutMs: 600_000 } });
      const run = relay.run();
      await until(() => upstream.requests.length === 1);
      await clock.advance(500_000);
      answer();
      await until(() => store.events.length === 1);
      stop();
      await run;
      assert.equal(upstream.requests.length, 1);
    });

    it("reports when the request is sent, and remembers a head that came late or not at all", async () => {
      let answer = () => {};
      const late: Answer = (response) => {
        answer = () => sse("data: 1\n\n")(response, undefined as never, 0);
      };
      const upstream = await source(late, sse("data: 2\n\n", "stay"));
      const { relay, clock, progress, stop } = setUp(upstream, { options: { lateHeadMs: 90_000 } });
      const run = relay.run();
      await until(() => upstream.requests.length === 1);
      assert.deepEqual(
        progress.map(({ kind }) => kind),
        ["sent"],
      );
      assert.equal(relay.snapshot().history.lateHead, undefined);
      await clock.advance(90_000);
      answer();
      await until(() => upstream.requests.length === 2 && relay.snapshot().connectedSince !== undefined);
      assert.equal(relay.snapshot().history.lateHead, true);
      stop();
      await run;
      const silent = await source(() => {});
      const other = setUp(silent, { options: { lateHeadMs: 90_000 } });
      const otherRun = other.relay.run();
      await until(() => silent.requests.length === 1);
      await other.clock.advance(90_000);
      other.stop();
      await otherRun;
      assert.equal(other.relay.snapshot().history.lateHead, true);
    });

    it("does not take a punctual head for a late one", async () => {
      const { relay, progress } = await runToEnd([sse("data: 1\n\n")]);
      assert.equal(relay.snapshot().history.lateHead, undefined);
      assert.equal(progress[0]!.kind, "sent");
    });

    it("reconnects when no head arrives for the idle timeout", async () => {
      const upstream = await source(() => {}, status(204));
      const { relay, clock } = setUp(upstream, { source: { idleTimeoutMs: 600_000 } });
      const run = relay.run();
      await until(() => upstream.requests.length === 1);
      await clock.advance(600_000);
      assert.deepEqual(await run, { kind: "completed" });
      assert.equal(relay.snapshot().lastError?.code, "SOURCE_IDLE");
    });
  });

  describe("status", () => {
    for (const code of [401, 403, 404, 410])
      it(`fails permanently on ${code}, with the source's text and without the key`, async () => {
        const { outcome } = await runToEnd([status(code, {}, "no access for sesame-open")]);
        assert.ok(outcome.kind === "failed");
        assert.equal(outcome.error.code, "SOURCE_STATUS");
        assert.equal(outcome.error.message, `The source answered ${code}: no access for ***`);
      });

    it("retries a 404 and a page of a stream that was open, and reports the history", async () => {
      const { outcome, data, relay } = await runToEnd([
        sse("data: 1\n\n"),
        status(404),
        body("text/html", "<html>"),
        sse("data: 2\n\n"),
        status(404),
      ]);
      assert.equal(outcome.kind, "completed");
      assert.deepEqual(data, ["1", "2"]);
      const { openedAt, refusal } = relay.snapshot().history;
      assert.ok(openedAt !== undefined);
      assert.equal(refusal?.answer, "404");
    });

    it("fails after 30 minutes of the same answer, counted across hops", async () => {
      const { outcome, clock, relay } = await runToEnd([status(404)], { options: { history: { openedAt: 1 } } });
      assert.equal(outcome.kind, "completed");
      const refusal = { answer: "404", since: clock.now() - 31 * 60_000 };
      const later = await runToEnd([status(404)], { options: { history: { openedAt: 1, refusal } } });
      assert.equal(later.outcome.kind, "failed");
      assert.equal(relay.snapshot().history.openedAt, 1);
    });

    it("ends the run as waiting on a 429, for the time in Retry-After", async () => {
      const { outcome, clock } = await runToEnd([status(429, { "retry-after": "120" })]);
      assert.ok(outcome.kind === "waiting");
      assert.equal(outcome.retryAt, clock.now() + 120_000);
      assert.equal(outcome.attempt, 1);
      const bare = await runToEnd([status(429)]);
      assert.ok(bare.outcome.kind === "waiting" && bare.outcome.retryAt >= bare.clock.now() + 60_000);
    });

    it("retries a 503 inside the hop", async () => {
      const { outcome, clock } = await runToEnd([status(503)]);
      assert.equal(outcome.kind, "completed");
      assert.ok(clock.sleeps.includes(2_500));
    });

    for (const code of [409, 420, 429])
      it(`ends as refused on ${code} under singleAttempt`, async () => {
        const { outcome, requests } = await runToEnd([status(code)], {
          options: { singleAttempt: () => true, checkpoint: "7" },
        });
        assert.deepEqual(outcome, { kind: "refused", status: code });
        assert.equal(requests.length, 1);
      });

    it("reads the secret again on 401 and continues when it was rotated", async () => {
      const upstream = await source(status(401), sse("data: 1\n\n"), status(204));
      let reads = 0;
      const readSecret = async () => {
        reads++;
        return { secret: { url: upstream.url, path: "/", key: `key-number-${reads}` }, version: `v${reads}` };
      };
      const { relay } = setUp(upstream, { deps: { readSecret } });
      assert.deepEqual(await relay.run(), { kind: "completed" });
      assert.equal(upstream.requests[1]!.headers.authorization, "Bearer key-number-2");
      assert.equal(relay.snapshot().secretVersion, "v2");
    });
  });

  describe("position", () => {
    for (const code of [400, 404, 409, 410, 412, 416, 422])
      it(`drops and counts a position that the source refuses with ${code}`, async () => {
        const { requests, relay, data } = await runToEnd([status(code), sse("data: 1\n\n")], {
          options: { checkpoint: "old" },
        });
        assert.equal(requests[0]!.headers["last-event-id"], "old");
        assert.ok(!("last-event-id" in requests[1]!.headers));
        assert.equal(relay.snapshot().counters.resumeLost, 1);
        assert.equal(relay.snapshot().checkpoint, undefined);
        assert.deepEqual(data, ["1"]);
      });

    it("keeps the position when the source also refuses the request without it", async () => {
      const { outcome, relay } = await runToEnd([status(404), status(404)], { options: { checkpoint: "old" } });
      assert.equal(outcome.kind, "failed");
      assert.equal(relay.snapshot().checkpoint, "old");
    });

    it("sends the position from a JSON pointer in a query parameter or header, with all digits", async () => {
      const line = '{"meta":{"clk":12345678901234567890}}\n';
      const resume = { kind: "query", name: "since", pointer: "/meta/clk" } as const;
      const query = await runToEnd([body("application/x-ndjson", line)], { source: { resume } });
      assert.equal(query.requests[1]!.url, "/stream/a%3Ab?since=12345678901234567890");
      assert.equal(query.relay.snapshot().checkpoint, "12345678901234567890");
      const header = await runToEnd([body("application/x-ndjson", line)], {
        source: { resume: { ...resume, kind: "header" } },
      });
      assert.equal(header.requests[1]!.headers.since, "12345678901234567890");
    });
  });

  describe("body", () => {
    const codings = { gzip: gzipSync, br: brotliCompressSync, zstd: zstdCompressSync };
    for (const [name, compress] of Object.entries(codings))
      it(`reads ${name}`, async () => {
        const { data } = await runToEnd([
          body("text/event-stream", compress("data: héllo\n\n"), "end", { "content-encoding": name }),
        ]);
        assert.deepEqual(data, ["héllo"]);
      });

    it("keeps the last line of a clean end and discards that of a lost connection", async () => {
      assert.deepEqual((await runToEnd([body("application/x-ndjson", "1\n2")])).data, ["1", "2"]);
      assert.deepEqual((await runToEnd([body("application/x-ndjson", "1\n2", "break")])).data, ["1"]);
    });

    for (const type of ["text/html", "x bogus", "application/problem+json"])
      it(`fails on content type ${type} and does not retry`, async () => {
        const { outcome, requests } = await runToEnd([body(type, "<html>")]);
        assert.ok(outcome.kind === "failed" && outcome.error.code === "SOURCE_FORMAT");
        assert.equal(requests.length, 1);
      });

    it("fails on one JSON document with format auto, and reads it with format lines", async () => {
      const document = '{"error":"x"}';
      const answer = body("application/json", document, "end", { "content-length": document.length });
      assert.equal((await runToEnd([answer])).outcome.kind, "failed");
      assert.deepEqual((await runToEnd([answer], { source: { format: "lines" } })).data, [document]);
    });

    it("reads any charset as UTF-8", async () => {
      const { data } = await runToEnd([body("text/event-stream;charset=windows-1252", "data: é\n\n")]);
      assert.deepEqual(data, ["é"]);
    });
  });

  describe("ignore rules and identity", () => {
    it("does not store heartbeats and advances the position past them", async () => {
      const on = [
        { type: "ping", action: "ignore" },
        { pointer: "/type", equals: "HEARTBEAT", action: "ignore" },
      ] as const;
      const text =
        'event: ping\ndata:\n\nid: 4\ndata: {"type":"HEARTBEAT"}\n\nid: 5\ndata: {"type":"PRICE"}\n\nid: 6\n\n';
      const { relay, data } = await runToEnd([sse(text)], { source: { on } });
      assert.deepEqual(data, ['{"type":"PRICE"}']);
      assert.equal(relay.snapshot().counters.ignored, 2);
      assert.equal(relay.snapshot().checkpoint, "6");
    });

    it("counts different data with the same key as conflicting", async () => {
      const text = 'data: {"id":1,"v":1}\n\ndata: {"id":1,"v":2}\n\ndata: {"id":2}\n\n';
      const { relay, data, log } = await runToEnd([sse(text)], {
        events: { identity: { kind: "pointer", pointer: "/id" } },
      });
      assert.equal(data.length, 2);
      assert.equal(relay.snapshot().counters.conflicting, 1);
      assert.equal(log.lines.filter((line) => line.fields.kind === "conflicting").length, 1);
    });

    it("stores every event with arrival, and identifies events without an SSE id by content with sse-id", async () => {
      const arrival = await runToEnd([sse("data: 1\n\ndata: 1\n\n")], { events: { identity: { kind: "arrival" } } });
      assert.equal(arrival.data.length, 2);
      const byId = await runToEnd([sse("id: 1\ndata: a\n\ndata: b\n\ndata: c\n\n")], {
        events: { identity: { kind: "sse-id" } },
      });
      assert.deepEqual(byId.data, ["a", "b", "c"]);
    });
  });

  describe("limits and draining", () => {
    it("refuses an event over the limit, logs it once with its digest, and keeps the other events", async () => {
      const { relay, data, log } = await runToEnd([sse(`data: a\n\ndata: ${"x".repeat(5000)}\n\ndata: b\n\n`)], {
        events: { maxEventBytes: 1000 },
      });
      assert.deepEqual(data, ["a", "b"]);
      assert.equal(relay.snapshot().counters.refused, 1);
      const lines = log.lines.filter((line) => line.fields.code === "EVENT_TOO_LARGE");
      assert.equal(lines.length, 1);
      assert.match(String(lines[0]!.fields.digest), /^[\w-]{43}$/);
    });

    it("stores an event too large for an item in the bucket before it writes the item", async () => {
      const noise = Buffer.from(randomBytes(600_000).toString("base64"));
      const done: string[] = [];
      const upstream = await source(body("text/plain", Buffer.concat([noise, Buffer.from("\n")])), status(204));
      const { relay, store } = setUp(upstream, {
        deps: { oversize: async (key, bytes) => void done.push(`${key} ${bytes.length} ${store.events.length}`) },
      });
      await relay.run();
      assert.equal(done[0], `oversize/a:b/${store.events[0]!.key} 800000 0`);
      assert.equal(store.events[0]!.pointer, `oversize/a:b/${store.events[0]!.key}`);
    });

    it("refuses an event whose object the bucket refuses, names it, and moves the checkpoint past it", async () => {
      const noise = randomBytes(600_000).toString("base64");
      const text = `id: 1\ndata: a\n\nid: 2\ndata: ${noise}\n\nid: 3\ndata: b\n\n`;
      const { relay, data } = await runToEnd([sse(text)], {
        deps: {
          oversize: async () => {
            throw new StreamError("STORE_UNAVAILABLE", "PUT: AccessDenied", { awsError: "AccessDenied" });
          },
        },
        options: { drainUntil: START + 400_000 },
      });
      const { counters, checkpoint, lastError } = relay.snapshot();
      assert.deepEqual(data, ["a", "b"]);
      assert.deepEqual([counters.received, counters.stored, counters.refused, unaccounted(counters)], [3, 2, 1, 0]);
      assert.equal(checkpoint, "3");
      assert.match(lastError!.message, /^Event [\w-]{22} was refused and is not stored\. .*AccessDenied/);
    });

    it("reports the first checkpoint of a stream that has none, once", async () => {
      for (const [checkpoint, reports] of [
        [undefined, 1],
        ["0", 0],
      ] as const) {
        const upstream = await source(sse("id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n", "stay"));
        const { relay, stop, progress } = setUp(upstream, { options: { checkpoint } });
        const run = relay.run();
        await until(() => relay.snapshot().checkpoint === "2");
        stop();
        await run;
        assert.equal(progress.filter(({ kind }) => kind === "checkpoint").length, reports);
      }
    });

    it("stops reading at once, drains, and reports the closed connection", async () => {
      const upstream = await source(sse("data: 1\n\n", "stay"));
      const { relay, stop, progress, store } = setUp(upstream);
      const run = relay.run();
      await until(() => relay.snapshot().counters.received === 1);
      assert.ok(relay.snapshot().connectedSince);
      stop();
      assert.deepEqual(await run, { kind: "stopped" });
      assert.deepEqual(
        progress.map((one) => one.kind),
        ["sent", "open", "first-byte", "closed"],
      );
      assert.equal(store.events.length, 1);
      assert.equal(relay.snapshot().connectedSince, undefined);
    });

    it("counts events that are not stored by the deadline as abandoned and keeps the checkpoint before them", async () => {
      const upstream = await source(sse("id: 1\ndata: 1\n\n", "stay"));
      const store = { write: () => new Promise<never>(() => {}) };
      const { relay, clock } = setUp(upstream, {
        deps: { store },
        options: { stopReadingAt: START + 100_000, drainUntil: START + 200_000, checkpoint: "0" },
      });
      const run = relay.run();
      await until(() => relay.snapshot().counters.inFlight === 1);
      await clock.advance(100_000);
      await clock.advance(100_000);
      assert.deepEqual(await run, { kind: "stopped" });
      const { counters } = relay.snapshot();
      assert.deepEqual([counters.abandoned, counters.inFlight, unaccounted(counters)], [1, 0, 0]);
      assert.equal(relay.snapshot().checkpoint, "0");
    });

    it("reports the error of the table or bucket by AWS's name while it retries, and since when nothing is stored", async () => {
      const upstream = await source(sse("data: 1\n\n", "stay"));
      let denied = true;
      const store = {
        write: async () => {
          if (!denied) return [];
          throw new StreamError("STORE_UNAVAILABLE", "DynamoDB answered AccessDeniedException", { retryable: true });
        },
      };
      const { relay, clock, stop } = setUp(upstream, { deps: { store } });
      const run = relay.run();
      await until(() => clock.sleeps.length > 3);
      const { lastError, health, counters } = relay.snapshot();
      assert.equal(lastError?.code, "STORE_UNAVAILABLE");
      assert.match(lastError.message, /^Events are not stored, and the relay retries\. .*AccessDeniedException/);
      assert.ok(health.unstoredSince !== undefined && health.unstoredSince <= clock.now());
      assert.deepEqual([counters.stored, counters.inFlight], [0, 1]);
      denied = false;
      await until(() => relay.snapshot().counters.stored === 1);
      assert.equal(relay.snapshot().health.unstoredSince, undefined);
      stop();
      await run;
    });

    it("counts every throttled batch, and logs once that the table throttles, also while it accepts others", async () => {
      const numbers = Array.from({ length: 300 }, (_, n) => `data: ${n}\n\n`).join("");
      let calls = 0;
      const write = async (items: readonly EncodedItem[]) => (++calls % 2 === 0 ? items.slice(0, 1) : []);
      const { relay, log } = await runToEnd([sse(numbers)], { deps: { store: { write } } });
      const { stored, throttled } = relay.snapshot().counters;
      assert.equal(stored, 300);
      assert.ok(throttled > 3, `${throttled} throttled`);
      assert.equal(
        log.lines.filter(({ message }) => message.startsWith("The event table throttles writes.")).length,
        1,
      );
    });

    it("pauses reading while the table is slow, and does not count the pause as idle time", async () => {
      const lines = Array.from({ length: 60_000 }, (_, i) => `${i}\n`).join("");
      const upstream = await source(body("application/x-ndjson", lines), status(204));
      const waiting: (() => void)[] = [];
      let slow = true;
      let stored = 0;
      const store = {
        write: async (items: readonly unknown[]) => {
          if (slow) await new Promise<void>((resolve) => waiting.push(resolve));
          stored += items.length;
          return [];
        },
      };
      const { relay, clock } = setUp(upstream, { deps: { store }, source: { idleTimeoutMs: 100_000 } });
      const run = relay.run();
      await until(() => relay.snapshot().counters.inFlight >= 1_000);
      assert.equal(unaccounted(relay.snapshot().counters), 0);
      const paused = relay.snapshot().counters.received;
      await clock.advance(100_000);
      await clock.advance(100_000);
      assert.equal(relay.snapshot().counters.received, paused);
      assert.ok(paused < 60_000);
      slow = false;
      for (const go of waiting) go();
      assert.deepEqual(await run, { kind: "completed" });
      assert.equal(stored, 60_000);
      assert.equal(unaccounted(relay.snapshot().counters), 0);
      assert.equal(relay.snapshot().counters.reconnects, 1);
    });
  });
});
