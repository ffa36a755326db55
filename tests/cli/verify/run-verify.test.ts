import assert from "node:assert/strict";
import type { SeenItem } from "../../../cli/verify/checks";
import { type Probe, runVerify, type VerifyOptions } from "../../../cli/verify/run-verify";
import { ZERO_COUNTERS } from "../../../runtime/contract";
import type { ConnectionView } from "../../../runtime/control/api/view";
import { contentKey } from "../../../runtime/data/identity";
import type { Clock } from "../../../runtime/support/clock";

interface Fake {
  readonly probe: Probe;
  readonly clock: Clock;
  readonly calls: string[];
}

/** A deployment in virtual time: one event a second while it runs, a hand-over ten seconds after it was asked for. */
function fakeDeployment(
  given: { existing?: Partial<ConnectionView>; handsOver?: boolean; failsAt?: string } = {},
): Fake {
  const { existing, handsOver = true, failsAt } = given;
  const calls: string[] = [];
  let now = 1_000_000;
  let startedAt: number | undefined;
  let stoppedAt: number | undefined;
  let askedAt: number | undefined;
  const start = existing?.generation ?? 0;

  const generation = () => start + 1 + (handsOver && askedAt !== undefined && now >= askedAt + 10_000 ? 1 : 0);
  const count = () => (startedAt === undefined ? 0 : Math.floor(((stoppedAt ?? now) - startedAt) / 1_000));
  const view = (): ConnectionView => {
    const live = startedAt !== undefined && (stoppedAt === undefined || now < stoppedAt + 3_000);
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
  const items = (): SeenItem[] =>
    Array.from({ length: count() }, (_, n) => {
      const late = askedAt !== undefined && (startedAt ?? 0) + n * 1_000 > askedAt + 10_000;
      return { key: `k${n}`, type: "message", id: "", data: `${n}`, sequence: `${start + (late ? 2 : 1)}.1.${n}` };
    });
  const called = (name: string) => {
    calls.push(name);
    if (name === failsAt) throw new Error(`${name} broke`);
  };
  return {
    calls,
    clock: {
      now: () => now,
      sleep: async (ms) => {
        now += ms;
      },
    },
    probe: {
      api: {
        start: async (_, resume) => {
          called(resume ? "start" : "start fresh");
          startedAt = now;
          return { started: true, connection: view() };
        },
        stop: async () => {
          called("stop");
          stoppedAt = now;
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
      askHandover: async () => {
        called("ask");
        askedAt = now;
      },
      processing: async () => ({ processed: items().length, failures: 0 }),
      ringing: async () => [],
    },
  };
}

const OPTIONS: VerifyOptions = {
  streamId: "check",
  events: 5,
  patienceMs: 60_000,
  relayMemorySize: 256,
  onStep: () => {},
};
const CLOSED = { desired: "closed", status: "closed", generation: 4 } as const;

describe("runVerify", () => {
  it("starts, hands over and stops a stream, and passes a deployment that does all it should", async () => {
    const { probe, clock, calls } = fakeDeployment({ existing: CLOSED });
    const { checks, seconds, cost } = await runVerify(probe, clock, OPTIONS);
    assert.deepEqual(calls, ["start fresh", "ask", "stop"]);
    assert.deepEqual(
      checks.filter(({ result }) => result !== "passed"),
      [],
    );
    assert.match(checks.find(({ what }) => what === "the stream is handed over")?.detail ?? "", /overlap after 10 s/);
    assert.ok(seconds > 15 && seconds < 60, `${seconds} s`);
    assert.ok(cost > 0 && cost < 0.01, `$${cost}`);
  });

  it("counts what this run added, not what the stream counted before", async () => {
    const { probe, clock } = fakeDeployment({ existing: CLOSED });
    const { checks } = await runVerify(probe, clock, OPTIONS);
    const read = checks.find(({ what }) => what === "nothing that was read is lost");
    assert.doesNotMatch(read?.detail ?? "", /^1\d\d read/);
  });

  it("ends with a miss when no hand-over comes, within its patience", async () => {
    const { probe, clock, calls } = fakeDeployment({ handsOver: false });
    const { checks, seconds } = await runVerify(probe, clock, OPTIONS);
    assert.ok(checks.some(({ what, result }) => what === "the stream is handed over" && result === "missed"));
    assert.ok(seconds < 100, `${seconds} s`);
    assert.equal(calls.at(-1), "stop");
  });

  it("refuses a stream that runs, and touches nothing", async () => {
    const { probe, clock, calls } = fakeDeployment({
      existing: { ...CLOSED, desired: "open", status: "open", live: true },
    });
    await assert.rejects(runVerify(probe, clock, OPTIONS), /Expected a stream that does not run, but "check" does/);
    assert.deepEqual(calls, []);
  });

  describe("with a second connection", () => {
    /** Sees what `seen` says, and notes when it came and went. */
    const watched = (calls: string[], seen: readonly number[]): VerifyOptions["witness"] => ({
      identity: { kind: "content" },
      open: () => {
        calls.push("open");
        return {
          opened: Promise.resolve(),
          leave: async () => {
            calls.push("leave");
            const events = seen.map((n) => {
              const content = contentKey(`${n}`, "message");
              return { key: content, content, beginning: `${n}` };
            });
            return { events, opened: true };
          },
        };
      },
    });
    const WHAT = "everything a second connection saw is stored";

    it("has it listen from when the stream runs until just before it is stopped", async () => {
      const { probe, clock, calls } = fakeDeployment({ existing: CLOSED });
      const { checks } = await runVerify(probe, clock, { ...OPTIONS, witness: watched(calls, [2, 3, 4]) });
      assert.deepEqual(calls, ["start fresh", "open", "ask", "leave", "stop"]);
      assert.deepEqual(
        checks.filter(({ result }) => result !== "passed"),
        [],
      );
      assert.match(checks.find(({ what }) => what === WHAT)?.detail ?? "", /^3 seen, 0 missing/);
    });

    it("waits for as many events as were asked for from its opening on", async () => {
      const { probe, clock } = fakeDeployment();
      const with0 = await runVerify(probe, clock, OPTIONS);
      const other = fakeDeployment();
      const with1 = await runVerify(other.probe, other.clock, { ...OPTIONS, witness: watched([], [2]) });
      assert.ok(with1.seconds > with0.seconds, `${with1.seconds} s, ${with0.seconds} s without`);
    });

    it("misses what only the second connection saw, though every count of the product is right", async () => {
      const { probe, clock } = fakeDeployment({ existing: CLOSED });
      const { checks } = await runVerify(probe, clock, { ...OPTIONS, witness: watched([], [2, 999, 3]) });
      assert.deepEqual(
        checks.filter(({ result }) => result === "missed").map(({ what }) => what),
        [WHAT],
      );
    });

    it("ends it, and the stream, also when something breaks in between", async () => {
      const { probe, clock, calls } = fakeDeployment({ failsAt: "ask" });
      const run = runVerify(probe, clock, { ...OPTIONS, witness: watched(calls, []) });
      await assert.rejects(run, /ask broke/);
      assert.deepEqual(calls, ["start fresh", "open", "ask", "leave", "stop"]);
    });

    it("does not say anything about one when there is none", async () => {
      const { probe, clock } = fakeDeployment();
      const { checks } = await runVerify(probe, clock, OPTIONS);
      assert.ok(checks.every(({ what }) => what !== WHAT));
    });
  });

  it("stops the stream when it is interrupted, and says so", async () => {
    const { probe, clock, calls } = fakeDeployment({ handsOver: false });
    const interrupted = new AbortController();
    const onStep = (sentence: string) => {
      if (sentence === "waiting for the hand-over") interrupted.abort();
    };
    const run = runVerify(probe, clock, { ...OPTIONS, onStep, signal: interrupted.signal });
    await assert.rejects(run, { code: "INTERRUPTED" });
    assert.deepEqual(calls, ["start fresh", "ask", "stop"]);
  });

  it("stops the stream also when something breaks in between", async () => {
    const { probe, clock, calls } = fakeDeployment({ failsAt: "ask" });
    await assert.rejects(runVerify(probe, clock, OPTIONS), /ask broke/);
    assert.deepEqual(calls, ["start fresh", "ask", "stop"]);
  });
});
