import assert from "node:assert/strict";
import type { StoredItem } from "../../../cli/verify/checks";
import { type Probe, runVerify, type VerifyOptions } from "../../../cli/verify/run-verify";
import { ZERO_COUNTERS } from "../../../runtime/contract";
import type { ConnectionView } from "../../../runtime/control/api/view";
import { contentKey } from "../../../runtime/data/identity";
import { type FakeClock, fakeClock } from "../../fakes/fake-clock";

interface Fake {
  readonly probe: Probe;
  readonly clock: FakeClock;
  readonly calls: string[];
}

/** A deployment on a fake clock: one event a second while it runs, a handover ten seconds after its request. */
function fakeDeployment(
  options: { existing?: Partial<ConnectionView>; handsOver?: boolean; failsAt?: string } = {},
): Fake {
  const { existing, handsOver = true, failsAt } = options;
  const calls: string[] = [];
  const clock = fakeClock({ startAt: 1_000_000, autoMs: Number.POSITIVE_INFINITY });
  let startedAt: number | undefined;
  let stoppedAt: number | undefined;
  let requestedAt: number | undefined;
  const start = existing?.generation ?? 0;

  const generation = () =>
    start + 1 + (handsOver && requestedAt !== undefined && clock.now() >= requestedAt + 10_000 ? 1 : 0);
  const count = () => (startedAt === undefined ? 0 : Math.floor(((stoppedAt ?? clock.now()) - startedAt) / 1_000));
  const view = (): ConnectionView => {
    const live = startedAt !== undefined && (stoppedAt === undefined || clock.now() < stoppedAt + 3_000);
    return {
      streamId: "check",
      desired: stoppedAt === undefined ? "open" : "closed",
      status: live ? "open" : "closed",
      live,
      declared: false,
      attempt: 0,
      generation: generation(),
      counters: { ...ZERO_COUNTERS, received: 100 + count(), stored: 100 + count() },
      ...(generation() > start + 1 && { handover: { count: 1, mode: "overlap", lastGapMs: -500 } }),
    };
  };
  const items = (): StoredItem[] =>
    Array.from({ length: count() }, (_, n) => {
      const late = requestedAt !== undefined && (startedAt ?? 0) + n * 1_000 > requestedAt + 10_000;
      return { key: `k${n}`, type: "message", id: "", data: `${n}`, sequence: `${start + (late ? 2 : 1)}.1.${n}` };
    });
  const called = (name: string) => {
    calls.push(name);
    if (name === failsAt) throw new Error(`${name} failed`);
  };
  return {
    calls,
    clock,
    probe: {
      api: {
        start: async (_, resume) => {
          called(resume ? "start" : "start without checkpoint");
          startedAt = clock.now();
          return { started: true, connection: view() };
        },
        stop: async () => {
          called("stop");
          stoppedAt = clock.now();
          return view();
        },
        read: async () => view(),
        list: async function* () {
          if (existing !== undefined) {
            yield { ...view(), counters: { ...ZERO_COUNTERS, received: 100, stored: 100 }, live: false, ...existing };
          }
        },
      },
      unsignedStatus: async () => 403,
      items: async () => items(),
      requestHandover: async () => {
        called("request handover");
        requestedAt = clock.now();
      },
      processing: async () => ({ processed: items().length, failures: 0 }),
      activeAlarms: async () => [],
    },
  };
}

const OPTIONS: VerifyOptions = {
  streamId: "check",
  events: 5,
  timeoutMs: 60_000,
  relayMemorySize: 256,
  onStep: () => {},
};
const CLOSED = { desired: "closed", status: "closed", generation: 4 } as const;

describe("runVerify", () => {
  it("starts, hands over and stops a stream, and passes a correct deployment", async () => {
    const { probe, clock, calls } = fakeDeployment({ existing: CLOSED });
    const { checks, seconds, cost } = await runVerify(probe, clock, OPTIONS);
    assert.deepEqual(calls, ["start without checkpoint", "request handover", "stop"]);
    assert.deepEqual(
      checks.filter(({ result }) => result !== "passed"),
      [],
    );
    assert.match(checks.find(({ what }) => what === "the stream is handed over")?.detail ?? "", /overlap after 10 s/);
    assert.ok(seconds > 15 && seconds < 60, `${seconds} s`);
    assert.ok(cost > 0 && cost < 0.01, `$${cost}`);
  });

  it("counts only the events of this run", async () => {
    const { probe, clock } = fakeDeployment({ existing: CLOSED });
    const { checks } = await runVerify(probe, clock, OPTIONS);
    const received = checks.find(({ what }) => what === "nothing that was received is lost");
    assert.doesNotMatch(received?.detail ?? "", /^1\d\d received/);
  });

  it("does not wait for the numbers of the processor to settle while other streams run", async () => {
    const { probe, clock } = fakeDeployment({ existing: { streamId: "other", live: true, desired: "open" } });
    let processed = 1_000;
    const processing = async () => ({ processed: processed++, failures: 0 });
    const stoppedAt: number[] = [];
    const onStep = (step: string) => void (step === "waiting for the processor" && stoppedAt.push(clock.now()));
    const { checks } = await runVerify({ ...probe, processing }, clock, { ...OPTIONS, onStep });
    assert.equal(checks.find(({ what }) => what === "every event is processed once")?.result, "passed");
    assert.ok(clock.now() - stoppedAt[0]! < OPTIONS.timeoutMs / 2, "no timeout");
  });

  it("fails when no handover happens within the timeout", async () => {
    const { probe, clock, calls } = fakeDeployment({ handsOver: false });
    const { checks, seconds } = await runVerify(probe, clock, OPTIONS);
    assert.ok(checks.some(({ what, result }) => what === "the stream is handed over" && result === "failed"));
    assert.ok(seconds < 100, `${seconds} s`);
    assert.equal(calls.at(-1), "stop");
  });

  it("rejects a running stream and changes nothing", async () => {
    const { probe, clock, calls } = fakeDeployment({
      existing: { ...CLOSED, desired: "open", status: "open", live: true },
    });
    await assert.rejects(
      runVerify(probe, clock, OPTIONS),
      /Expected a stream that is not running, but "check" is running/,
    );
    assert.deepEqual(calls, []);
  });

  describe("with a second connection", () => {
    /** Receives the events `numbers` and records when it opened and closed. */
    const connectionWith = (calls: string[], numbers: readonly number[]): VerifyOptions["secondConnection"] => ({
      identity: { kind: "content" },
      open: () => {
        calls.push("open");
        return {
          opened: Promise.resolve(),
          close: async () => {
            calls.push("close");
            const events = numbers.map((n) => {
              const content = contentKey(`${n}`, "message");
              return { key: content, content, beginning: `${n}` };
            });
            return { events, opened: true };
          },
        };
      },
    });
    const WHAT = "everything a second connection received is stored";

    it("keeps it open from when the stream runs until just before the stop", async () => {
      const { probe, clock, calls } = fakeDeployment({ existing: CLOSED });
      const { checks } = await runVerify(probe, clock, {
        ...OPTIONS,
        secondConnection: connectionWith(calls, [2, 3, 4]),
      });
      assert.deepEqual(calls, ["start without checkpoint", "open", "request handover", "close", "stop"]);
      assert.deepEqual(
        checks.filter(({ result }) => result !== "passed"),
        [],
      );
      assert.match(checks.find(({ what }) => what === WHAT)?.detail ?? "", /^3 received, 0 missing/);
    });

    it("waits for the requested number of events after it opens", async () => {
      const { probe, clock } = fakeDeployment();
      const with0 = await runVerify(probe, clock, OPTIONS);
      const other = fakeDeployment();
      const with1 = await runVerify(other.probe, other.clock, {
        ...OPTIONS,
        secondConnection: connectionWith([], [2]),
      });
      assert.ok(with1.seconds > with0.seconds, `${with1.seconds} s, ${with0.seconds} s without`);
    });

    it("fails for an event that only the second connection received, although every counter is correct", async () => {
      const { probe, clock } = fakeDeployment({ existing: CLOSED });
      const { checks } = await runVerify(probe, clock, {
        ...OPTIONS,
        secondConnection: connectionWith([], [2, 999, 3]),
      });
      assert.deepEqual(
        checks.filter(({ result }) => result === "failed").map(({ what }) => what),
        [WHAT],
      );
    });

    it("closes it and stops the stream when a step fails", async () => {
      const { probe, clock, calls } = fakeDeployment({ failsAt: "request handover" });
      const run = runVerify(probe, clock, { ...OPTIONS, secondConnection: connectionWith(calls, []) });
      await assert.rejects(run, /request handover failed/);
      assert.deepEqual(calls, ["start without checkpoint", "open", "request handover", "close", "stop"]);
    });

    it("omits the check without a second connection", async () => {
      const { probe, clock } = fakeDeployment();
      const { checks } = await runVerify(probe, clock, OPTIONS);
      assert.ok(checks.every(({ what }) => what !== WHAT));
    });
  });

  it("stops the stream when it is interrupted, and reports it", async () => {
    const { probe, clock, calls } = fakeDeployment({ handsOver: false });
    const interrupted = new AbortController();
    const onStep = (sentence: string) => {
      if (sentence === "waiting for the handover") interrupted.abort();
    };
    const run = runVerify(probe, clock, { ...OPTIONS, onStep, signal: interrupted.signal });
    await assert.rejects(run, { code: "INTERRUPTED" });
    assert.deepEqual(calls, ["start without checkpoint", "request handover", "stop"]);
  });

  it("stops the stream when a step fails", async () => {
    const { probe, clock, calls } = fakeDeployment({ failsAt: "request handover" });
    await assert.rejects(runVerify(probe, clock, OPTIONS), /request handover failed/);
    assert.deepEqual(calls, ["start without checkpoint", "request handover", "stop"]);
  });
});
