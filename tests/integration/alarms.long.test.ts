import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { type Counters, unaccounted } from "../../runtime/contract";
import { type Answer, startUpstream, status, type Upstream } from "../fakes/upstream";
import { type Ingestion, startIngestion } from "./ingestion-fixture";

const SEND_MS = 250;
const MAX_EVENT_BYTES = 1_000_000;

/** Sends `text(n)` four times a second. */
function endless(text: (n: number) => string, contentType = "text/event-stream"): Answer {
  return (response) => {
    response.writeHead(200, { "content-type": contentType }).flushHeaders();
    let n = 0;
    const timer = setInterval(() => response.write(text(++n)), SEND_MS);
    response.on("close", () => clearInterval(timer));
  };
}

const event = (data: object, id?: number) => `${id ? `id: ${id}\n` : ""}data: ${JSON.stringify(data)}\n\n`;
const numbered = (n: number) => event({ n }, n);
/** Too large for an item of the table, also when compressed. */
const LARGE = randomBytes(525_000).toString("base64");

/** Every stream but `good` has one fault: of its upstream, which is here, or of AWS. */
const UPSTREAMS: Readonly<Record<string, readonly Answer[]>> = {
  good: [endless(numbered)],
  denied: [endless(numbered)],
  "key-denied": [endless(numbered)],
  "no-table": [endless(numbered)],
  throttled: [endless(numbered)],
  poison: [endless((n) => event({ n, poison: n % 8 === 0 }))],
  gone: [status(404)],
  // One JSON document after the other, without a line end, labelled as server-sent events.
  joined: [endless((n) => JSON.stringify({ n }))],
  mislabelled: [endless((n) => `${JSON.stringify({ n })}\n`)],
  "cr-only": [endless((n) => `${JSON.stringify({ n })}\r`, "application/x-ndjson")],
  // One array that never ends, on one line.
  array: [endless((n) => `${n === 1 ? "[" : ","}${JSON.stringify({ n })}`, "application/x-ndjson")],
  oversize: [endless((n) => event({ n, text: n % 8 === 0 ? "x".repeat(MAX_EVENT_BYTES) : "" }))],
  // A line that never ends.
  unfinished: [endless(() => "x".repeat(MAX_EVENT_BYTES / 4), "application/x-ndjson")],
  refused: [endless((n) => event({ n, text: n % 16 === 0 ? `${n} ${LARGE}` : "" }))],
  gaps: [endless((n) => event({ n: 2 * n }))],
  repeats: [endless(() => event({ same: true }))],
  heartbeats: [endless((n) => `event: heartbeat\n${event({ n })}`)],
  // Ends its first response, and then refuses the position of the second request.
  expired: [
    (response) => void response.writeHead(200, { "content-type": "text/event-stream" }).end(numbered(1)),
    status(410),
    endless(numbered),
  ],
};
const STREAMS = Object.keys(UPSTREAMS);

/** By the stream whose writes fail with it. */
const STORE_ERRORS = {
  denied: "AccessDeniedException",
  "key-denied": "KMSAccessDeniedException",
  "no-table": "ResourceNotFoundException",
};

/** No injected fault causes this error. */
const RETRIED = /^Events are not stored, and the relay retries\. DynamoDB did not answer/;

/** Alarms that no other test shows on the local stack. */
const EXPECTED = [
  "events-abandoned",
  "events-missing",
  "events-refused",
  "processor-failures",
  "streams-failed",
  "streams-mute",
  "streams-not-storing",
  "streams-throttled",
];

describe("faults on the local stack", () => {
  let upstream: Upstream;
  let ingestion: Ingestion;

  before(async () => {
    upstream = await startUpstream();
    for (const [streamId, answers] of Object.entries(UPSTREAMS)) upstream.on(streamId, ...answers);
    ingestion = await startIngestion({
      url: upstream.url,
      hopSeconds: 20,
      source: `on: [{ type: "heartbeat", action: "ignore" }],`,
      args: `events: { maxEventBytes: ${MAX_EVENT_BYTES}, sequence: "/n" },
        alarms: { streamsNotStoring: { evaluationPeriods: 1 }, streamsThrottled: { evaluationPeriods: 1 } },`,
      handler: `eachEvent((event) => {
        if ((event.json() as { poison?: boolean }).poison) throw new Error("poison");
      })`,
    });
    const { faults } = ingestion.stack.cloud;
    const writes = (streamId: string) => ({ action: "dynamodb:BatchWriteItem", bodyIncludes: [`"${streamId}"`] });
    for (const [streamId, code] of Object.entries(STORE_ERRORS))
      faults.add({ match: writes(streamId), effect: { kind: "error", code, status: 400 } });
    faults.add({ match: writes("throttled"), effect: { kind: "throttle" }, probability: 0.8 });
    const puts = { action: "s3:PutObject", resource: "*/refused/*" };
    faults.add({ match: puts, effect: { kind: "error", code: "AccessDenied", status: 403 } });
    for (const streamId of STREAMS) await ingestion.start(streamId);
  });
  after(async () => {
    await ingestion?.close();
    await upstream?.close();
  });

  it("are each seen by their alarm or counter and in the status of their stream, and every event is accounted for", async () => {
    const active = new Set<string>();
    await ingestion.until("good", `the alarms ${EXPECTED.join(", ")}`, () => {
      for (const alarm of ingestion.alarms()) active.add(alarm);
      return EXPECTED.every((alarm) => active.has(alarm));
    });
    assert.deepEqual([...active].sort(), EXPECTED);

    const counted = (streamId: string, ...names: (keyof Counters)[]) =>
      ingestion.until(streamId, names.join(" and "), ({ counters }) => names.every((name) => counters[name] > 0));
    const nothing = (streamId: string) =>
      ingestion.until(streamId, "a warning", ({ lastError }) => lastError?.code === "SOURCE_NO_EVENTS");
    const good = await counted("good", "stored");
    // A busy machine can delay an answer. The relay repeats that write, and its status keeps the error.
    if (good.lastError !== undefined) assert.match(good.lastError.message, RETRIED);
    assert.deepEqual([good.counters.refused, good.counters.throttled], [0, 0]);
    for (const [streamId, code] of Object.entries(STORE_ERRORS)) {
      const { counters, lastError } = await counted(streamId, "abandoned");
      assert.equal(counters.stored, 0, streamId);
      assert.ok(lastError!.message.includes(code), lastError!.message);
    }
    await counted("throttled", "throttled", "stored");
    await counted("poison", "stored");
    assert.match((await ingestion.read("gone")).lastError!.message, /404/);
    for (const streamId of ["joined", "mislabelled", "cr-only", "array"])
      assert.equal((await nothing(streamId)).counters.received, 0, streamId);
    await counted("oversize", "refused", "stored");
    // The limit is passed, and there is no line end.
    assert.equal((await counted("unfinished", "refused")).counters.stored, 0);
    const refused = await counted("refused", "refused", "stored");
    assert.match(refused.lastError!.message, /AccessDenied/);
    await counted("gaps", "missing", "stored");
    await counted("repeats", "repeated", "stored");
    const heartbeats = await counted("heartbeats", "ignored");
    assert.equal(heartbeats.counters.stored, 0);
    await counted("expired", "resumeLost", "stored");

    for (const streamId of STREAMS) {
      const { counters } = await ingestion.read(streamId);
      assert.equal(unaccounted(counters), 0, `${streamId}: ${JSON.stringify(counters)}`);
    }
  });
});
