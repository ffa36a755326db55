import assert from "node:assert/strict";
import { CliError } from "../../../cli/terminal";
import type { Check } from "../../../cli/verify/check";
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
  options: {
    existing?: Partial<ConnectionView>;
    handsOver?: boolean;
    failsAt?: string;
    /** Length of a hop after the requested handover. */
    hopSeconds?: number;
    /** Hops after that, until Lambda ends the chain. */
    longestChain?: number;
  } = {},
): Fake {
  const {
    existing,
    handsOver = true,
    failsAt,
    hopSeconds = Number.POSITIVE_INFINITY,
    longestChain = Number.POSITIVE_INFINITY,
  } = options;
  const calls: string[] = [];
  const clock = fakeClock({ startAt: 1_000_000, autoMs: Number.POSITIVE_INFINITY });
  let startedAt: number | undefined;
  let stoppedAt: number | undefined;
  let requestedAt: number | undefined;
  const start = existing?.generation ?? 0;

  const handovers = () => {
    const since = (stoppedAt ?? clock.now()) - (requestedAt ?? Number.POSITIVE_INFINITY) - 10_000;
    return handsOver && since >= 0 ? 1 + Math.min(longestChain, Math.floor(since / 1_000 / hopSeconds)) : 0;
  };
  const generation = () => start + 1 + handovers();
  const poisoned = new Set<string>();
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
      // The row shows the kind of a handover later than its new owner.
      ...(handovers() > 0 &&
        clock.now() >= requestedAt! + 13_000 && {
          handover: { count: handovers(), mode: "overlap", lastGapMs: -500 },
        }),
    };
  };
  const items = (): StoredItem[] =>
    Array.from({ length: count() }, (_, n) => {
      const late = requestedAt !== undefined && (startedAt ?? 0) + n * 1_000 > requestedAt + 10_000;
      return {
        key: `k${n}`,
        type: "message",
        id: "",
        data: `${n}`,
        sequence: `${late ? generation() : start + 1}.1.${n}`,
      };
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
      alarms: async () => [{ name: "prices-watchdog-stopped", state: "OK", ofWatchdog: true }],
      poison: {
        write: async (_, key) => {
          poisoned.add(key);
          called("write poison");
        },
        find: async (_, key) =>
          poisoned.has(key) && clock.now() >= (stoppedAt ?? 0) + 20_000 ? "failures/check/object.json" : undefined,
        remove: async (_, key) => {
          called("remove poison");
          poisoned.delete(key);
        },
      },
    },
  };
}

const OPTIONS: VerifyOptions = {
  streamId: "check",
  events: 5,
  timeoutMs: 60_000,
  relayMemorySize: 256,
  newChains: false,
  onStep: () => {},
};
const failedOf = (checks: readonly Check[]) => checks.filter(({ result }) => result === "failed");
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

const CLOSED = { desired: "closed", status: "closed", generation: 4 } as const;

describe("runVerify", () => {
  it("starts, hands over and stops a stream, and passes a correct deployment", async () => {
    const { probe, clock, calls } = fakeDeployment({ existing: CLOSED });
    const { checks, seconds, cost } = await runVerify(probe, clock, OPTIONS);
    assert.deepEqual(calls, ["start without checkpoint", "request handover", "stop"]);
    assert.deepEqual(failedOf(checks), []);
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
    assert.equal(checks.find(({ what }) => what === "every event is processed once")?.result, "not checked");
    assert.ok(clock.now() - stoppedAt[0]! < OPTIONS.timeoutMs / 2, "no timeout");
  });

  it("fails when no handover happens within the timeout", async () => {
    const { probe, clock, calls } = fakeDeployment({ handsOver: false });
    const { checks, seconds } = await runVerify(probe, clock, OPTIONS);
    const details = Object.fromEntries(failedOf(checks).map(({ what, detail }) => [what, detail]));
    assert.match(details["the stream is handed over"] ?? "", /^still generation 1 at the end of --timeout; /);
    assert.equal(details["events arrive after it"], "no handover");
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
    const WHAT = "everything a second connection received is stored";

    it("keeps it open from when the stream runs until just before the stop", async () => {
      const { probe, clock, calls } = fakeDeployment({ existing: CLOSED });
      const { checks } = await runVerify(probe, clock, {
        ...OPTIONS,
        secondConnection: connectionWith(calls, [2, 3, 4]),
      });
      assert.deepEqual(calls, ["start without checkpoint", "open", "request handover", "close", "stop"]);
      assert.deepEqual(failedOf(checks), []);
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

  describe("that takes long", () => {
    const resultsOf = (checks: readonly Check[]) =>
      Object.fromEntries(checks.map(({ what, result }) => [what, result]));
    const HOPS = "hops hand over at their end";
    const CHAIN = "the chain of hops continues after 16 invocations";

    it("follows the hops for hours, past Lambda's limit of a chain", async () => {
      const { probe, clock } = fakeDeployment({ hopSeconds: 840 });
      const steps: string[] = [];
      const onStep = (sentence: string) => void steps.push(sentence);
      const { checks, seconds, proved } = await runVerify(probe, clock, { ...OPTIONS, hops: 17, onStep });
      const results = resultsOf(checks);
      assert.deepEqual([results[HOPS], results[CHAIN], failedOf(checks)], ["passed", "passed", []]);
      assert.ok(seconds > 17 * 840, `${seconds} s`);
      assert.ok(proved.some((behaviour) => /recursion setting/.test(behaviour)));
      assert.ok(steps.includes("17 of 17 handovers at the end of a hop"));
      assert.ok(steps.some((step) => /^waiting for a handover, \d+ s so far$/.test(step)));
    });

    it("fails when Lambda ends the chain, and stops the stream", async () => {
      const { probe, clock, calls } = fakeDeployment({ hopSeconds: 840, longestChain: 14 });
      const { checks, notProved } = await runVerify(probe, clock, { ...OPTIONS, hops: 17 });
      const results = resultsOf(checks);
      assert.deepEqual([results[HOPS], results[CHAIN]], ["failed", "failed"]);
      assert.ok(notProved.some(({ behaviour }) => /recursion setting/.test(behaviour)));
      assert.equal(calls.at(-1), "stop");
    });

    it("survives an API that cannot be reached for a while", async () => {
      const { probe, clock } = fakeDeployment({ hopSeconds: 840 });
      let reads = 0;
      const read: typeof probe.api.read = async (streamId) => {
        reads++;
        if (reads > 100 && reads < 110) throw new CliError("Could not reach the API", "UNREACHABLE");
        return probe.api.read(streamId);
      };
      const run = await runVerify({ ...probe, api: { ...probe.api, read } }, clock, { ...OPTIONS, hops: 1 });
      assert.deepEqual([resultsOf(run.checks)[HOPS], failedOf(run.checks)], ["passed", []]);
      assert.ok(reads > 110);
    });

    it("calls the API again after an idle time", async () => {
      const { probe, clock } = fakeDeployment();
      const { seconds, checks } = await runVerify(probe, clock, { ...OPTIONS, idleSeconds: 600 });
      assert.equal(resultsOf(checks)["the API answers after an idle time"], "passed");
      assert.ok(seconds > 600, `${seconds} s`);
    });

    it("finds a poison event in the bucket and removes it", async () => {
      const { probe, clock, calls } = fakeDeployment();
      const { checks } = await runVerify(probe, clock, { ...OPTIONS, poison: true });
      const found = checks.find(({ what }) => /failure bucket/.test(what));
      assert.deepEqual([found?.result, found?.detail], ["passed", "found and removed failures/check/object.json"]);
      assert.deepEqual(calls.slice(-2), ["write poison", "remove poison"]);
    });

    it("removes a poison event whose write got no answer", async () => {
      const { probe, clock, calls } = fakeDeployment({ failsAt: "write poison" });
      await assert.rejects(runVerify(probe, clock, { ...OPTIONS, poison: true }), /write poison failed/);
      assert.equal(calls.at(-1), "remove poison");
    });

    it("removes the poison event also when it does not appear, or the run is interrupted", async () => {
      const { probe, clock, calls } = fakeDeployment();
      const poison = { ...probe.poison, find: async () => undefined };
      const { checks } = await runVerify({ ...probe, poison }, clock, { ...OPTIONS, poison: true });
      assert.deepEqual(failedOf(checks).length, 1);
      assert.equal(calls.at(-1), "remove poison");

      const other = fakeDeployment();
      const interrupted = new AbortController();
      const find = async () => void interrupted.abort();
      const run = runVerify({ ...other.probe, poison: { ...other.probe.poison, find } }, other.clock, {
        ...OPTIONS,
        poison: true,
        signal: interrupted.signal,
      });
      await assert.rejects(run, { code: "INTERRUPTED", message: /If event \S+ \S+ appears in the bucket, remove it/ });
      assert.equal(other.calls.at(-1), "remove poison");
    });
  });

  it("leaves nothing running when it is interrupted, at whatever step", async () => {
    const options = { ...OPTIONS, hops: 2, idleSeconds: 60, poison: true };
    const steps: string[] = [];
    const whole = fakeDeployment({ hopSeconds: 60 });
    const { checks } = await runVerify(whole.probe, whole.clock, {
      ...options,
      secondConnection: connectionWith([], [2]),
      onStep: (sentence) => void steps.push(sentence),
    });
    assert.deepEqual(failedOf(checks), []);
    assert.ok(steps.length > 12, steps.join(", "));
    for (const [at, step] of steps.entries()) {
      const { probe, clock, calls } = fakeDeployment({ hopSeconds: 60 });
      const interrupted = new AbortController();
      let seen = 0;
      const onStep = () => void (seen++ === at && interrupted.abort());
      const secondConnection = connectionWith(calls, [2]);
      const run = runVerify(probe, clock, { ...options, secondConnection, onStep, signal: interrupted.signal });
      await assert.rejects(run, { code: "INTERRUPTED" }, step);
      const count = (name: string) => calls.filter((call) => call === name).length;
      assert.deepEqual([count("start without checkpoint"), count("stop")], [1, 1], step);
      assert.equal(count("open"), count("close"), step);
      assert.equal(count("write poison"), count("remove poison"), step);
    }
  });

  it("starts nothing when it is interrupted before", async () => {
    const { probe, clock, calls } = fakeDeployment();
    await assert.rejects(runVerify(probe, clock, { ...OPTIONS, signal: AbortSignal.abort() }), { code: "INTERRUPTED" });
    assert.deepEqual(calls, []);
  });

  it("names the stream and the command when the stream cannot be stopped", async () => {
    const { probe, clock } = fakeDeployment({ failsAt: "stop" });
    await assert.rejects(runVerify(probe, clock, OPTIONS), {
      code: "STREAM_NOT_STOPPED",
      message: "Stream check could not be stopped: stop failed Stop it: stream-ingestion stop check.",
    });
  });

  it("does not stop a stream that somebody else started meanwhile", async () => {
    const { probe, clock, calls } = fakeDeployment();
    const start = async () => {
      throw new CliError("Stream check is live.", "STREAM_LIVE");
    };
    const run = runVerify({ ...probe, api: { ...probe.api, start } }, clock, OPTIONS);
    await assert.rejects(run, { code: "STREAM_LIVE" });
    assert.deepEqual(calls, []);
  });

  it("stops a stream whose start was not answered", async () => {
    const { probe, clock, calls } = fakeDeployment();
    const start = async () => {
      throw new CliError("no response within 30 s", "UNREACHABLE");
    };
    const run = runVerify({ ...probe, api: { ...probe.api, start } }, clock, OPTIONS);
    await assert.rejects(run, { code: "UNREACHABLE" });
    assert.deepEqual(calls, ["stop"]);
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
