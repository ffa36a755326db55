import assert from "node:assert/strict";
import { isMute } from "../../runtime/contract";
import { noEventsError } from "../../runtime/data/no-events-error";
import { ReadHealth } from "../../runtime/data/read-health";
import { fakeClock } from "../fakes/fake-clock";
import { startUpstream, type Upstream } from "../fakes/upstream";
import { type Setup, setUp, until } from "./harness";

describe("bytes without events", () => {
  describe("on the wire", () => {
    let upstream: Upstream;
    afterEach(() => upstream.close());

    /** Sends `chunk` every 20 s for two minutes. */
    const trickle = async (contentType: string, chunk: string, setup: Setup = {}) => {
      let send = (_: string) => {};
      upstream = await startUpstream((response) => {
        response.writeHead(200, { "content-type": contentType }).flushHeaders();
        send = (text) => response.write(text);
      });
      const one = setUp(upstream, setup);
      const run = one.relay.run();
      await until(() => one.relay.snapshot().connectedSince !== undefined);
      const minutes: boolean[] = [];
      for (let sent = 1; sent <= 7; sent++) {
        send(chunk);
        await until(() => one.relay.snapshot().counters.bytes === sent * chunk.length);
        minutes.push(isMute(one.relay.snapshot().health));
        await one.clock.advance(20_000);
      }
      return {
        ...one,
        minutes,
        send: (text: string) => send(text),
        end: async () => {
          one.stop();
          await run;
        },
        warnings: () => one.log.lines.filter(({ fields }) => fields.code === "SOURCE_NO_EVENTS"),
      };
    };

    const faults: [string, string, string, Setup, RegExp][] = [
      [
        "JSON lines that are labelled as events",
        "text/event-stream",
        '{"a":1}\n',
        {},
        /are "\{\\"a\\":1\}", .* like JSON\. `source\.format` is auto/,
      ],
      ["events without their blank line", "text/event-stream", "data: 1\n", {}, /like server-sent events/],
      ["JSON values without line ends", "application/x-ndjson", '{"a":1}', {}, /like JSON/],
      ["lines that end with CR", "text/plain", "a,b\r", {}, /are "a,b\\ra,b\\ra,b\\ra,b\\r/],
      ["an endless array on one line", "application/x-ndjson", '[{"a":1},', {}, /like JSON/],
      [
        "a value that is over the limit",
        "application/json",
        '{"a":"xxxx',
        { source: { format: "json" }, events: { maxEventBytes: 20 } },
        /is json/,
      ],
    ];
    for (const [name, contentType, chunk, setup, expected] of faults)
      it(`reports ${name} once after a minute, and shows it until an event arrives`, async () => {
        const { minutes, relay, warnings, end } = await trickle(contentType, chunk, setup);
        assert.deepEqual(minutes, [false, false, false, true, true, true, true]);
        assert.equal(warnings().length, 1);
        assert.equal(relay.snapshot().lastError?.code, "SOURCE_NO_EVENTS");
        assert.match(relay.snapshot().lastError!.message, expected);
        await end();
      });

    const quiet: [string, string, string][] = [
      ["comments", "text/event-stream", ": ping\n\n"],
      ["blank lines", "application/x-ndjson", "\n"],
      ["lines of white space", "application/x-ndjson", " \r\n"],
      ["events that begin with the end of the previous one", "application/x-ndjson", '\n{"a":1}'],
      ["repeated events", "text/event-stream", "data: 1\n\n"],
    ];
    for (const [name, contentType, chunk] of quiet)
      it(`does not report ${name}`, async () => {
        const { minutes, relay, end } = await trickle(contentType, chunk);
        assert.ok(!minutes.includes(true));
        assert.equal(relay.snapshot().lastError, undefined);
        await end();
      });

    it("recovers at the next event, and reports the next time again", async () => {
      const { relay, clock, send, end, warnings } = await trickle("text/event-stream", '{"a":1}\n');
      send("\ndata: 1\n\n");
      await until(() => relay.snapshot().counters.received === 1);
      assert.equal(relay.snapshot().health.mute, undefined);
      for (let bytes = relay.snapshot().counters.bytes, sent = 0; sent < 4; sent++) {
        send("x\n");
        bytes += 2;
        await until(() => relay.snapshot().counters.bytes === bytes);
        await clock.advance(20_000);
      }
      assert.equal(warnings().length, 2);
      await end();
    });
  });

  describe("read health", () => {
    it("continues the previous hop's count, unless no bytes arrived for a minute", () => {
      const clock = fakeClock();
      const mute = { since: clock.now() - 59_999, until: clock.now() - 1 };
      assert.equal(new ReadHealth(clock, { mute }).chunk(false, true), false);
      const older = { since: clock.now() - 60_000, until: clock.now() - 1 };
      assert.equal(new ReadHealth(clock, { mute: older }).chunk(false, true), true);
      const outage = { since: clock.now() - 600_000, until: clock.now() - 60_000 };
      const health = new ReadHealth(clock, { mute: outage });
      assert.equal(health.chunk(false, true), false);
      assert.deepEqual(health.snapshot().mute, { since: clock.now(), until: clock.now() });
    });
  });

  it("shows no secret, and no excerpt where the bytes are gone", () => {
    const redact = (text: string) => text.replace("hidden", "***");
    assert.match(
      noEventsError(Buffer.from("<a>hidden"), "sse", redact).message,
      /are "<a>\*\*\*", which look like HTML/,
    );
    assert.doesNotMatch(noEventsError(Buffer.alloc(0), "sse", redact).message, /first bytes/);
  });
});
