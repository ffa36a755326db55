import assert from "node:assert/strict";
import { DECLARED_ROW, type HopPayload } from "../../runtime/contract";
import type { ConnectionTable } from "../../runtime/control/table/connection-table";
import type { StoredRow } from "../../runtime/control/table/row-change";
import { runWatchdog } from "../../runtime/control/watchdog/run";
import { silentLogger } from "../../runtime/support/logger";
import { fakeClock } from "../fakes/fake-clock";
import { memoryTable } from "./memory-table";

const STREAMS = 1_200;
/** Of one call. */
const LATENCY_MS = 20;
/** The watchdog's timeout, less the time that its handler keeps for the last calls. */
const BUDGET_MS = 35_000;

describe("the watchdog after a deploy that declares 1,200 streams", () => {
  const begin = ({ streamsPerHop, latencyMs = LATENCY_MS }: { streamsPerHop: number; latencyMs?: number }) => {
    const clock = fakeClock();
    const streams = Array.from({ length: STREAMS }, (_, i) => `s${i}`);
    const rows = new Map<string, StoredRow>([[DECLARED_ROW, { streamId: DECLARED_ROW, streams }]]);
    const memory = memoryTable(rows);
    let calls = 0;
    let most = 0;
    const call = async <T>(act: () => Promise<T>): Promise<T> => {
      most = Math.max(most, ++calls);
      await clock.sleep(latencyMs);
      calls--;
      return act();
    };
    const table: ConnectionTable = {
      update: (id, change) => call(() => memory.update(id, change)),
      read: (id) => call(() => memory.read(id)),
      scan: (page) => call(() => memory.scan(page)),
    };
    const invoked: HopPayload[] = [];
    let nonces = 0;
    const run = async () => {
      const began = clock.now();
      let took: number | undefined;
      const running = runWatchdog(
        {
          table,
          invoke: (payload) => call(async () => void invoked.push(payload)),
          clock,
          logger: silentLogger,
          newNonce: () => `n${++nonces}`,
          release: "r",
          declaredRow: DECLARED_ROW,
          sharedRequest: false,
          streamsPerHop,
          secretVersion: async () => undefined,
        },
        { until: began + BUDGET_MS },
      ).finally(() => {
        took = clock.now() - began;
      });
      while (took === undefined) await clock.advance(latencyMs);
      return { took, report: await running };
    };
    return { run, invoked, rows, declared: streams, now: clock.now(), most: () => most };
  };

  it("starts all of them in one run, with bounded parallel work and batched invocations", async () => {
    const { run, invoked, most } = begin({ streamsPerHop: 100 });
    const { took, report } = await run();
    assert.ok(took < 10_000, `${took} ms`);
    assert.equal(report.left, 0);
    assert.deepEqual(
      invoked.map(({ streams }) => streams.length),
      Array.from({ length: 12 }, () => 100),
    );
    assert.ok(most() <= 16, `${most()} calls at a time`);
  });

  it("starts all of them within its timeout where each has a hop alone", async () => {
    const { run, invoked } = begin({ streamsPerHop: 1 });
    const { took } = await run();
    assert.ok(took < BUDGET_MS, `${took} ms`);
    assert.equal(new Set(invoked.flatMap(({ streams }) => streams.map(({ streamId }) => streamId))).size, STREAMS);
  });

  it("takes no shared hop for lost whose beat ended while the run was busy", async () => {
    const { run, rows, invoked, now, declared } = begin({ streamsPerHop: 100, latencyMs: 150 });
    const shared = ["first", "second", "third"];
    const owned = (streamId: string, i: number): StoredRow => ({
      ...{ streamId, desired: "open", desiredVersion: 1, status: "open", generation: 1, declared: false, release: "r" },
      hop: { id: "h", handoverAt: now + 600_000, ms: 900_000 },
      owner: `owner-${streamId}`,
      expiresAt: now + 250_000,
      ...(i === 0 && { beatUntil: now + 15_000 }),
    });
    shared.forEach((streamId, i) => void rows.set(streamId, owned(streamId, i)));
    rows.set(DECLARED_ROW, { streamId: DECLARED_ROW, streams: [...shared, ...declared] });
    const { took, report } = await run();
    assert.ok(took > 15_000, `${took} ms`);
    assert.equal(report.down, 0);
    for (const id of shared) assert.equal(rows.get(id)?.owner, `owner-${id}`, "it keeps its owner");
    assert.ok(!invoked.some(({ streams }) => streams.some(({ streamId }) => shared.includes(streamId))));
  });

  it("continues in the next run where the table is slow", async () => {
    const { run, invoked, rows } = begin({ streamsPerHop: 100, latencyMs: 400 });
    const first = await run();
    assert.ok(first.report.left > 0, "it does not finish");
    assert.ok(first.took < BUDGET_MS + 10_000, `${first.took} ms`);
    const started = invoked.flatMap(({ streams }) => streams).length;
    assert.equal(
      started,
      [...rows.values()].filter(({ desired }) => desired === "open").length,
      "none is left without a hop",
    );
    await run();
    assert.equal(new Set(invoked.flatMap(({ streams }) => streams.map(({ streamId }) => streamId))).size, STREAMS);
  });
});
