import assert from "node:assert/strict";
import { Simulation, type SimulationOptions } from "./simulation";

const MINUTE = 60_000;
const HOP = 15 * MINUTE;

describe("a stream over many hops", () => {
  let simulation: Simulation;
  const begin = async (options: SimulationOptions = {}): Promise<Simulation> => {
    simulation = new Simulation(options);
    await simulation.start();
    await simulation.clock.advance(5_000);
    return simulation;
  };
  afterEach(() => simulation.close());

  /** One live lease, one connection, and no event missing since the first one that was stored. */
  const assertHealthy = (): void => {
    const { clock, upstream } = simulation;
    const row = simulation.row();
    assert.equal(row.status, "open");
    assert.ok(row.owner !== undefined && row.expiresAt! > clock.now(), "a live lease");
    assert.equal(upstream.open(), 1, "one connection");
    const first = Math.min(...upstream.stored.keys());
    const missing = Array.from({ length: upstream.sent() - first }, (_, i) => first + i).filter(
      (n) => !upstream.stored.has(n),
    );
    assert.deepEqual(missing, []);
  };

  const untilHandover = () => simulation.untilHandover();
  const reasons = () => simulation.hops.map((hop) => [...(hop.reasons?.values() ?? [])].join());

  it("hands over by overlap before the deadline and loses nothing, ten times in a row", async () => {
    await begin();
    await simulation.clock.advance(10 * HOP);
    assertHealthy();
    assert.equal(simulation.upstream.mostConnections(), 2);
    assert.ok(simulation.row().handover!.count >= 10, JSON.stringify(simulation.row().handover));
    assert.equal(simulation.row().handover!.mode, "overlap");
    assert.equal(simulation.row().generation, simulation.hops.length);
    const reasons = new Set(simulation.hops.flatMap((hop) => [...(hop.reasons?.values() ?? [])]));
    assert.deepEqual([...reasons], ["handed-over"]);
  });

  describe("where Lambda ends a chain of self-invocations", () => {
    const chains = () => simulation.hops.map(({ payload }) => payload.chain ?? 0);

    it("starts a new chain by the watchdog, by overlap, and loses nothing", async () => {
      await begin({ longestChain: 3 });
      await simulation.clock.advance(10 * HOP);
      assertHealthy();
      assert.ok(Math.max(...chains()) === 2, chains().join());
      assert.ok(chains().filter((place) => place === 0).length >= 4, chains().join());
      const measured = simulation.events("handover").map(({ mode }) => mode);
      assert.ok(measured.length >= 10 && measured.every((mode) => mode === "overlap"), measured.join());
      assert.ok(!reasons().some((reason) => /no-successor|superseded|lease-lost/.test(reason)), reasons().join());
    });

    it("starts a new chain where the upstream allows one connection", async () => {
      await begin({ longestChain: 2, handover: "break" });
      await simulation.clock.advance(6 * HOP);
      assert.ok(Math.max(...chains()) === 1, chains().join());
      assert.equal(simulation.row().status, "open");
      assert.equal(simulation.upstream.mostConnections(), 1);
      assert.ok(simulation.row().handover!.maxGapMs! <= MINUTE + 5_000, JSON.stringify(simulation.row().handover));
    });

    it("survives a watchdog that does not run, at the cost of a gap", async () => {
      await begin({ longestChain: 2, watchdog: false });
      await simulation.clock.advance(4 * HOP);
      assert.equal(simulation.running().length, 0);
      assert.equal(simulation.row().desired, "open");
      await simulation.watchdogRun();
      await simulation.clock.advance(5_000);
      assert.equal(simulation.row().status, "open");
    });
  });

  it("hands over an idle stream", async () => {
    await begin({ upstream: { everyMs: 1_000 * HOP } });
    await simulation.clock.advance(3 * HOP);
    assert.deepEqual(reasons().slice(0, -1), ["handed-over", "handed-over", "handed-over"]);
    assert.equal(simulation.upstream.open(), 1);
  });

  it("hands over by break when the upstream allows one connection, measures the gap and keeps the mode for a day", async () => {
    await begin({ upstream: { maxConnections: 1 } });
    await simulation.clock.advance(HOP);
    assertHealthy();
    assert.deepEqual(reasons(), ["handed-over-by-break", ""], "the refused successor waits for the release");
    assert.equal(simulation.row().handover?.mode, "break");
    const [first] = simulation.events("handover");
    assert.equal(first?.mode, "break");
    assert.ok((first?.gapMs as number) > 0 && (first?.gapMs as number) <= 1_000, String(first?.gapMs));
    const { until } = simulation.row().handoverMode!;
    await simulation.clock.advance(HOP);
    assert.deepEqual(reasons(), ["handed-over-by-break", "handed-over-by-break", ""]);
    assert.equal(simulation.row().handoverMode!.until, until, "no second attempt at an overlap");
    await simulation.clock.advance(25 * 60 * MINUTE);
    assert.ok(simulation.row().handoverMode!.until > until, "overlap is tried again a day later");
    assert.equal(simulation.upstream.mostConnections(), 1);
    assertHealthy();
  });

  it("keeps reading until the Retry-After of the refusal, then hands over by break", async () => {
    await begin({ upstream: { maxConnections: 1, retryAfterMs: 30_000 } });
    await simulation.clock.advance(HOP);
    assertHealthy();
    const gap = simulation.events("handover")[0]?.gapMs as number;
    assert.ok(gap < 5_000, `gap of ${gap} ms`);
    assert.ok(!simulation.logs.some(({ reason }) => reason === "waiting"));
  });

  it("always hands over by break when configured", async () => {
    await begin({ handover: "break" });
    await simulation.clock.advance(2 * HOP);
    assertHealthy();
    assert.equal(simulation.upstream.mostConnections(), 1);
  });

  it("hands over when the upstream closes the older of two connections", async () => {
    await begin({ upstream: { newestOnly: true, subscribesAfterMs: 3_000 } });
    await simulation.clock.advance(2 * HOP);
    assertHealthy();
    assert.deepEqual(reasons().slice(0, -1), ["handed-over", "handed-over"]);
  });

  it("loses nothing without replay when the successor's events start seconds after its headers", async () => {
    await begin({ upstream: { noReplay: true, subscribesAfterMs: 4_000 } });
    await simulation.clock.advance(5 * HOP);
    assertHealthy();
    assert.equal(simulation.upstream.mostConnections(), 2);
  });

  describe("where a quiet upstream sends the head with its first event", () => {
    const QUIET = { everyMs: 5 * MINUTE, noReplay: true };

    it("hands over by overlap 10 s after the successor's request, and loses nothing", async () => {
      await begin({ upstream: { ...QUIET, lateHead: true } });
      await simulation.clock.advance(6 * HOP);
      assert.equal(simulation.row().lateHead, true);
      assert.ok(simulation.row().handover!.count >= 5, JSON.stringify(simulation.row().handover));
      assert.deepEqual([...new Set(reasons().slice(0, -1))], ["handed-over"]);
      assert.deepEqual(
        [...simulation.upstream.stored.keys()],
        Array.from({ length: simulation.upstream.sent() }, (_, n) => n + 1),
      );
    });

    it("needs a second successor at the first handover after a busy time, which did not show that heads are late", async () => {
      await begin({ upstream: QUIET });
      simulation.upstream.behaviour.lateHead = true;
      await simulation.clock.advance(HOP);
      assert.deepEqual(reasons(), ["handed-over", "claim-lapsed", ""]);
      assert.equal(simulation.row().lateHead, true);
      await simulation.clock.advance(2 * HOP);
      assert.deepEqual(reasons().slice(2, -1), ["handed-over", "handed-over"]);
    });
  });

  it("invokes again when the successor is never delivered", async () => {
    await begin();
    let lost = 0;
    simulation.deliver = () => (++lost > 1 ? [500] : []);
    await simulation.clock.advance(HOP);
    assertHealthy();
    assert.equal(lost, 2);
    assert.deepEqual(reasons(), ["handed-over", ""]);
  });

  it("stops reading before the deadline and is revived when no successor starts", async () => {
    await begin();
    simulation.deliver = () => [];
    await simulation.clock.advance(HOP - 5_000 - 5_000);
    assert.equal(simulation.upstream.open(), 0);
    assert.deepEqual(reasons(), ["no-successor"]);
    assert.equal(simulation.row().owner, undefined, "released");
    simulation.deliver = () => [500];
    await simulation.clock.advance(MINUTE + 5_000);
    assertHealthy();
    assert.equal(simulation.row().attempt, 0, "no crash is counted for a lease that was released");
  });

  it("has one successor when it is delivered three times, once a minute late", async () => {
    await begin();
    simulation.deliver = () => [500, 510, 70_000];
    await simulation.clock.advance(3 * HOP);
    simulation.deliver = () => [500];
    await simulation.clock.advance(HOP);
    assertHealthy();
    assert.equal(simulation.upstream.mostConnections(), 2);
    assert.ok(reasons().filter((reason) => reason === "not-needed").length >= 6);
  });

  it("recovers from kill -9 through the watchdog", async () => {
    await begin();
    await simulation.clock.advance(MINUTE);
    simulation.running()[0]!.kill();
    await simulation.clock.advance(MINUTE + 35_000);
    assertHealthy();
    assert.equal(simulation.hops.length, 2);
    assert.deepEqual(reasons(), ["", ""]);
  });

  it("loses nothing after a crash of the first hop, before the first periodic renew", async () => {
    await begin({ upstream: { storesAfterMs: 100 } });
    const firstRenew = simulation.hops[0]!.startedAt + 10_000;
    assert.ok(simulation.upstream.stored.size > 1 && simulation.clock.now() < firstRenew);
    simulation.running()[0]!.kill();
    await simulation.clock.advance(MINUTE + 35_000);
    assertHealthy();
  });

  it("backs off in a crash loop", async () => {
    await begin();
    for (let second = 0; second < 3_600; second++) {
      await simulation.clock.advance(1_000);
      for (const hop of simulation.running()) if (simulation.clock.now() - hop.startedAt > 200) hop.kill();
    }
    assert.ok(simulation.hops.length < 20, `${simulation.hops.length} hops in an hour`);
  });

  it("recovers when the predecessor crashes during the overlap", async () => {
    await begin({ coldStartMs: 2_000 });
    await untilHandover();
    await simulation.clock.advance(1_700);
    simulation.running()[0]!.kill();
    await simulation.clock.advance(MINUTE);
    assertHealthy();
    assert.deepEqual(reasons(), ["", ""]);
  });

  it("recovers when the successor crashes while it holds a claim", async () => {
    await begin({ upstream: { everyMs: 8_000 } });
    await untilHandover();
    await simulation.clock.advance(2_000);
    assert.equal(simulation.running().length, 2);
    simulation.running()[1]!.kill();
    await simulation.clock.advance(MINUTE);
    assertHealthy();
    assert.equal(simulation.upstream.mostConnections(), 2);
    assert.deepEqual(reasons(), ["handed-over", "", ""]);
  });

  it("leaves without changing the state of the row after a pause longer than its lease", async () => {
    await begin();
    await simulation.clock.advance(MINUTE + 500);
    const resume = simulation.running()[0]!.pause();
    await simulation.clock.advance(2 * MINUTE);
    assert.equal(simulation.running().length, 2);
    const { generation, owner } = simulation.row();
    const state = () => ({
      ...simulation.row(),
      ...{
        expiresAt: 0,
        beatUntil: 0,
        lastByteAt: 0,
        checkpoint: "",
        counters: {},
        finalCountersOf: "",
        leftGeneration: 0,
      },
    });
    const before = state();
    resume();
    await simulation.clock.advance(9_000);
    assert.equal(simulation.running().length, 1);
    assert.equal(reasons()[0], "superseded");
    assert.deepEqual({ generation: simulation.row().generation, owner: simulation.row().owner }, { generation, owner });
    assert.deepEqual(state(), before);
    assertHealthy();
  });

  it("stays connected while the table is unavailable for 15 s", async () => {
    await begin();
    await simulation.clock.advance(MINUTE);
    simulation.tableFault = () => "unavailable";
    await simulation.clock.advance(15_000);
    simulation.tableFault = () => undefined;
    await simulation.clock.advance(10_000);
    assertHealthy();
    assert.equal(simulation.hops.length, 1);
  });

  it("disconnects when the lease expires while the table is unavailable, and recovers afterwards", async () => {
    await begin();
    await simulation.clock.advance(MINUTE);
    simulation.tableFault = () => "unavailable";
    await simulation.clock.advance(31_000);
    assert.equal(simulation.upstream.open(), 0);
    await simulation.clock.advance(30_000);
    simulation.tableFault = () => undefined;
    await simulation.clock.advance(5_000);
    assertHealthy();
    assert.deepEqual(reasons(), ["lease-lost", ""]);
  });

  for (const name of ["claim", "acquire", "renew", "release", "add-final-counters", "start"]) {
    it(`loses nothing when every response to a ${name} is lost`, async () => {
      const options = { handover: name === "release" ? "break" : "auto" } as const;
      simulation = new Simulation(options);
      simulation.tableFault = (call) => (call.name === name ? "lost-response" : undefined);
      await simulation.start();
      await simulation.clock.advance(3 * HOP);
      assertHealthy();
      assert.ok(
        reasons()
          .slice(0, -1)
          .every((reason) => reason === "handed-over" || reason === "handed-over-by-break"),
        reasons().join(),
      );
      assert.equal(simulation.upstream.mostConnections(), name === "release" ? 1 : 2);
    });
  }

  it("counts every event once when renews succeed but neither they nor the reads after them get a response", async () => {
    await begin();
    let calls = 0;
    simulation.tableFault = ({ name }) => {
      if (name === "renew") calls = 1;
      else if (name === "read" && calls === 1) calls = 2;
      else return undefined;
      return simulation.clock.now() % 3 === 0 ? "unavailable" : "lost-response";
    };
    await simulation.clock.advance(5 * MINUTE);
    simulation.tableFault = () => undefined;
    await simulation.clock.advance(11_000);
    const { counters } = simulation.row();
    assert.ok(
      Math.abs(counters.received - simulation.upstream.stored.size) <= 10,
      `${counters.received} of ${simulation.upstream.stored.size}`,
    );
  });

  it("sums the counters of all hops, including what the predecessor read last", async () => {
    await begin();
    await simulation.clock.advance(5 * HOP);
    await simulation.stop();
    await simulation.clock.advance(11_000);
    const deliveries = [...simulation.upstream.stored.values()].reduce((sum, times) => sum + times, 0);
    assert.equal(simulation.row().counters.received, deliveries);
  });
});
