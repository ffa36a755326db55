import assert from "node:assert/strict";
import { unaccounted } from "../../runtime/contract";
import { type Answer, startUpstream, type Upstream } from "../fakes/upstream";
import { type Ingestion, startIngestion } from "./ingestion-fixture";

const STREAMS = ["good", "denied", "throttled", "mute", "large"];
const SEND_MS = 250;

/** Sends `text(n)` four times a second. */
function endless(text: (n: number) => string): Answer {
  return (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    let n = 0;
    const timer = setInterval(() => response.write(text(++n)), SEND_MS);
    response.on("close", () => clearInterval(timer));
  };
}

const numbered = (n: number) => `id: ${n}\ndata: ${n}\n\n`;

describe("faults on the local stack", () => {
  let upstream: Upstream;
  let ingestion: Ingestion;

  before(async () => {
    upstream = await startUpstream(endless(numbered));
    // One JSON document after the other, without a line end, labelled as server-sent events.
    upstream.on(
      "mute",
      endless((n) => JSON.stringify({ n })),
    );
    upstream.on(
      "large",
      endless((n) => `data: ${n}${n % 8 === 0 ? "x".repeat(2_000) : ""}\n\n`),
    );
    ingestion = await startIngestion({
      url: upstream.url,
      hopSeconds: 20,
      args: `events: { maxEventBytes: 1024 },
        alarms: { streamsNotStoring: { evaluationPeriods: 1 }, streamsThrottled: { evaluationPeriods: 1 } },`,
    });
    const { faults } = ingestion.stack.cloud;
    const writes = (streamId: string) => ({ action: "dynamodb:BatchWriteItem", bodyIncludes: [`"${streamId}"`] });
    faults.add({ match: writes("denied"), effect: { kind: "error", code: "AccessDeniedException", status: 400 } });
    faults.add({ match: writes("throttled"), effect: { kind: "throttle" }, probability: 0.8 });
    for (const streamId of STREAMS) await ingestion.start(streamId);
  });
  after(async () => {
    await ingestion?.close();
    await upstream?.close();
  });

  it("are each seen by their alarm and in the status of their stream, and every event is accounted for", async () => {
    const expected = ["events-abandoned", "events-refused", "streams-mute", "streams-not-storing", "streams-throttled"];
    const active = new Set<string>();
    await ingestion.until("good", `the alarms ${expected.join(", ")}`, () => {
      for (const alarm of ingestion.alarms()) active.add(alarm);
      return expected.every((alarm) => active.has(alarm));
    });
    assert.deepEqual([...active].sort(), expected);

    const seen = new Map<string, Awaited<ReturnType<Ingestion["read"]>>>();
    for (const streamId of STREAMS) seen.set(streamId, await ingestion.read(streamId));
    for (const [streamId, { counters }] of seen) assert.equal(unaccounted(counters), 0, streamId);
    const of = (streamId: string) => seen.get(streamId)!;
    assert.ok(of("good").counters.stored > 0);
    assert.equal(of("denied").counters.stored, 0);
    assert.ok(of("denied").counters.abandoned > 0);
    assert.match(of("denied").lastError!.message, /AccessDeniedException/);
    assert.ok(of("throttled").counters.throttled > 0 && of("throttled").counters.stored > 0);
    assert.deepEqual([of("mute").counters.received, of("mute").lastError?.code], [0, "SOURCE_NO_EVENTS"]);
    assert.ok(of("large").counters.refused > 0 && of("large").counters.stored > 0);
  });
});
