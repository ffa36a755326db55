import assert from "node:assert/strict";
import { consoleState } from "../../../cli/console/console-state";
import type { FailureView } from "../../../cli/console/protocol";
import type { ConnectionState } from "../../../cli/console/stream-view";
import { ZERO_COUNTERS } from "../../../runtime/contract";

const START = 1_767_225_600_000;

function fixture(kind: "local" | "deployed" = "local") {
  const clock = { now: START };
  const capabilities = {
    kind,
    stack: "local",
    region: "us-east-1",
    write: true,
    unavailable: kind === "local" ? {} : { deliveries: "Not here." },
  };
  const state = consoleState(capabilities, () => clock.now);
  const line = (requestId: string, fields: object) =>
    state.log({
      at: clock.now,
      instance: "prices",
      functionName: "prices-connection-manager-1",
      requestId,
      line: JSON.stringify({ level: "info", message: "m", ...fields }),
    });
  return { clock, state, line };
}

const stream = (of: Partial<ConnectionState> = {}): ConnectionState => ({
  streamId: "a",
  desired: "open",
  status: "open",
  live: true,
  declared: true,
  generation: 1,
  attempt: 0,
  counters: ZERO_COUNTERS,
  ...of,
});
const received = (count: number) => ({ ...ZERO_COUNTERS, received: count, stored: count });

const failure = (stream: string): FailureView => {
  const place = { object: "o", number: 0, eventsInObject: 1 };
  return { id: stream, stream, key: "k", at: 1, attempts: 3, code: "E", message: "m", ...place };
};

describe("the console's state", () => {
  it("keeps the time at which a stream took its state", () => {
    const { clock, state } = fixture();
    state.streams("prices", "http://api", [stream({ connectedSince: new Date(START - 5_000).toISOString() })]);
    clock.now += 1_000;
    state.streams("prices", "http://api", [stream({ status: "waiting", live: false })]);
    clock.now += 1_000;
    state.streams("prices", "http://api", [stream({ status: "waiting", live: false, attempt: 2 })]);
    assert.deepEqual(
      state.snapshot().streams.map(({ state, since, attempt }) => [state, since, attempt]),
      [["waiting", START + 1_000, 2]],
    );
  });

  it("sends only what changed, and the removal of a stream", () => {
    const { state } = fixture();
    state.streams("prices", "http://api", [stream(), stream({ streamId: "b" })]);
    state.update();
    state.streams("prices", "http://api", [stream(), stream({ streamId: "b" })]);
    assert.equal(state.update(), undefined);
    state.streams("prices", "http://api", [stream({ attempt: 1 })]);
    const update = state.update();
    assert.deepEqual(
      update?.streams?.map(({ id }) => id),
      ["prices/a"],
    );
    assert.deepEqual(update?.removed?.streams, ["prices/b"]);
  });

  it("removes an instance that is not kept, with all that was reported of it", () => {
    const { clock, state } = fixture();
    const alarm = { state: "OK", description: "d" } as const;
    for (const instance of ["prices", "orders"]) {
      state.streams(instance, "http://api", [stream()]);
      state.failures(instance, [failure(`${instance}/a`)]);
      state.alarms(instance, [{ ...alarm, instance, id: `${instance}-alarm` }]);
    }
    state.failures("unread", [failure("unread/a")]);
    state.update();
    clock.now += 1_000;
    state.keep(["prices"]);
    const { instances, removed, hops } = state.update()!;
    assert.deepEqual(
      instances?.map(({ name }) => name),
      ["prices"],
    );
    assert.deepEqual(removed, {
      streams: ["orders/a"],
      failures: ["orders/a", "unread/a"],
      alarms: ["orders-alarm"],
      notices: [],
    });
    assert.deepEqual(
      hops?.map(({ stream, to }) => [stream, to]),
      [["orders/a", START + 1_000]],
    );
    state.keep(["prices"]);
    assert.equal(state.update(), undefined);
  });

  it("sends the rows of 1,000 streams in several updates", () => {
    const { state } = fixture();
    state.streams(
      "prices",
      "http://api",
      Array.from({ length: 1_000 }, (_, number) => stream({ streamId: `s${number}` })),
    );
    const updates = Array.from({ length: 5 }, () => state.update()?.streams?.length ?? 0);
    assert.deepEqual(updates, [250, 250, 250, 250, 0]);
  });

  it("has rates from the counters, which are 0 when they stand still", () => {
    const { clock, state } = fixture("deployed");
    state.streams("prices", "http://api", [stream()]);
    clock.now += 10_000;
    state.streams("prices", "http://api", [stream({ counters: received(500) })]);
    state.tick();
    assert.equal(state.snapshot().streams[0]?.rates.inPerSecond, 50);
    assert.deepEqual(state.history("prices/a")?.storedPerSecond, [50]);
    assert.deepEqual(state.history()?.processedPerSecond, [null]);
    clock.now += 30_000;
    state.tick();
    assert.equal(state.snapshot().streams[0]?.rates.inPerSecond, 0);
    assert.equal(state.history("prices/none"), undefined);
  });

  it("shows the path of an event from its receipt to the failure bucket", () => {
    const { state } = fixture();
    const id = { instance: "prices", streamId: "a", key: "k" };
    const image = { streamId: { S: "a" }, key: { S: "k" }, d: { S: "{}" }, q: { S: "1.1.1" }, r: { N: "90" } };
    state.event({ kind: "stored", at: 100, requestId: "hop", image, ...id });
    state.event({ kind: "delivery-failed", at: 130, requestId: "p", deliveredAt: 110, ...id });
    state.event({ kind: "failure-stored", at: 140, requestId: "p", ...id });
    const [event] = state.snapshot().events;
    assert.deepEqual(
      event?.path.map(({ step, at, ok }) => [step, at, ok]),
      [
        ["received", 90, undefined],
        ["stored", 100, undefined],
        ["delivered", 110, undefined],
        ["attempt", 130, false],
        ["failed", 140, undefined],
      ],
    );
    assert.equal(event?.payload?.text, "{}");
  });

  it("shows at most 50 events of a period, with every stream among them, and counts the others", () => {
    const { state } = fixture();
    const store = (streamId: string, key: number) =>
      state.event({ kind: "stored", at: START, instance: "prices", streamId, key: String(key) });
    for (let key = 0; key < 1_000; key++) store("busy", key);
    store("quiet", 1);
    const update = state.update();
    assert.equal(update?.events?.length, 26);
    assert.equal(update?.events?.at(-1)?.stream, "prices/quiet");
    assert.deepEqual(update?.sampling, { seen: 1_001, notShown: 975 });
    for (let period = 0; period < 100; period++) {
      for (let key = 0; key < 50; key++) store("busy", 1_000 + period * 50 + key);
      state.update();
    }
    assert.equal(state.snapshot().events.length, 500);
  });

  it("draws a handover from the lines of both hops", () => {
    const { clock, state, line } = fixture();
    line("r1", { event: "hop-start", streams: ["a"], remainingMs: 15_000, handoverInMs: 10_000 });
    line("r1", { event: "lease-acquired", streamId: "a", generation: 1 });
    clock.now += 10_000;
    line("r2", { event: "claimed", streamId: "a", generation: 1 });
    clock.now += 400;
    line("r2", { event: "lease-acquired", streamId: "a", generation: 2 });
    clock.now += 2_000;
    line("r1", { event: "handover", streamId: "a", generation: 2, mode: "overlap", gapMs: -119, overlapMs: 2_100 });
    line("r1", { event: "stream-left", streamId: "a", reason: "handed-over" });
    state.streams("prices", "http://api", [stream({ generation: 2 })]);
    const [first, second] = state.snapshot().hops;
    assert.deepEqual(
      [first?.began, first?.from, first?.to, first?.ended, first?.handoverAt],
      ["start", START, START + 12_400, "handed-over", START + 10_000],
    );
    assert.deepEqual(
      [second?.began, second?.from, second?.mode, second?.gapMs, second?.overlapMs],
      ["handover", START + 10_000, "overlap", -119, 2_100],
    );
    assert.equal(state.snapshot().streams[0]?.hop?.requestId, "r2");
  });

  it("draws the hops of a stack without logs from the rows, until a line names the invocation", () => {
    const { clock, state, line } = fixture("deployed");
    const since = new Date(START - 60_000).toISOString();
    state.streams("prices", "http://api", [stream({ connectedSince: since })]);
    clock.now += 5_000;
    state.streams("prices", "http://api", [stream({ generation: 2 })]);
    const hops = state.snapshot().hops.map(({ generation, began, from, to }) => [generation, began, from, to]);
    assert.deepEqual(hops, [
      [1, "start", START - 60_000, START + 5_000],
      [2, "handover", START + 5_000, undefined],
    ]);
    line("r2", { event: "lease-acquired", streamId: "a", generation: 2 });
    const [, second] = state.snapshot().hops;
    assert.deepEqual([second?.began, second?.requestId], ["handover", "r2"]);
  });

  it("counts the failures of each stream, and removes those that are gone", () => {
    const { state } = fixture();
    state.streams("prices", "http://api", [stream()]);
    state.failures("prices", [failure("prices/a")]);
    assert.equal(state.snapshot().streams[0]?.failures, 1);
    state.update();
    state.failures("prices", []);
    assert.deepEqual(state.update()?.removed?.failures, ["prices/a"]);
    assert.equal(state.snapshot().streams[0]?.failures, 0);
  });

  it("keeps the time of an alarm's state where CloudWatch has none, and removes alarms that are gone", () => {
    const { clock, state } = fixture();
    const alarm = { id: "down", instance: "prices", state: "OK" } as const;
    state.alarms("prices", [alarm, { ...alarm, id: "failed", since: START - 5_000 }]);
    clock.now += 1_000;
    state.alarms("prices", [{ ...alarm, state: "ALARM" }]);
    state.alarms("orders", []);
    assert.deepEqual(state.snapshot().alarms, [{ ...alarm, state: "ALARM", since: START + 1_000 }]);
    assert.deepEqual(state.update()?.removed?.alarms, ["failed"]);
  });

  it("keeps 1,000 lines of the logs, without metrics and with the stack of an error", () => {
    const { state, line } = fixture();
    for (let number = 0; number < 1_100; number++) line("r", { event: "x", number });
    line("r", { level: "error", error: { message: "bad", stack: "Error: bad\n    at processor.ts:1:1" } });
    line("r", { _aws: {}, Namespace: "StreamIngestion" });
    const { logs } = state.snapshot();
    assert.equal(logs.length, 1_000);
    assert.match(logs.findLast(({ level }) => level === "error")?.detail ?? "", /at processor\.ts:1:1/);
  });

  for (const stackTrace of ["Error: bad\n  at b.ts:2", ["Error: bad", "  at b.ts:2"]])
    it(`shows a stack that is ${typeof stackTrace === "string" ? "a text" : "a list"}`, () => {
      const { state, line } = fixture();
      line("r", { level: "error", stackTrace, error: null });
      assert.match(state.snapshot().logs[0]?.detail ?? "", /^Error: bad\n {2}at b\.ts:2/);
    });
});
