import assert from "node:assert/strict";
import { type ConnectionRow, DECLARED_ROW, ZERO_COUNTERS } from "../../runtime/contract";
import { streamInTheWay } from "../../runtime/control/streams/single-stream";
import { surplusStreams } from "../../runtime/control/streams/surplus";
import { deployment } from "../api/api-fixture";
import { Simulation } from "./simulation";

const MINUTE = 60_000;

describe("a source without {streamId}", () => {
  let simulation: Simulation;
  afterEach(() => simulation.close());
  const declare = (...streams: string[]) => simulation.rows.set(DECLARED_ROW, { streamId: DECLARED_ROW, streams });
  const begin = (sharedRequest?: boolean) => {
    simulation = new Simulation({ sharedRequest, upstream: { sharedRequest: true } });
  };

  it("runs one of two declared streams, and reports the other as failed without a connection", async () => {
    begin(true);
    declare("b", "a");
    await simulation.clock.advance(3 * MINUTE);
    assert.equal(simulation.row("b").status, "open");
    assert.equal(simulation.row("a").status, "failed");
    assert.equal(simulation.row("a").lastError?.code, "SINGLE_STREAM");
    assert.match(simulation.row("a").lastError!.message, /^Stream b runs, and the source has no \{streamId\}/);
    assert.equal(simulation.upstream.mostConnections(), 1);
    declare("a");
    await simulation.clock.advance(2 * MINUTE);
    assert.equal(simulation.row("b").status, "closed");
    await simulation.start("a");
    await simulation.clock.advance(5_000);
    assert.equal(simulation.row("a").status, "open");
    assert.equal(simulation.row("a").lastError, undefined);
  });

  it("starts a stream that replaces the running one in the list", async () => {
    begin(true);
    declare("a");
    await simulation.clock.advance(2 * MINUTE);
    declare("b");
    await simulation.clock.advance(3 * MINUTE);
    assert.deepEqual([simulation.row("a").status, simulation.row("b").status], ["closed", "open"]);
    assert.equal(simulation.upstream.mostConnections(), 1);
  });

  it("ends the one that opened later of two running streams within two minutes, and accounts for its events", async () => {
    begin();
    await simulation.start("b");
    await simulation.clock.advance(5_000);
    await simulation.start("a");
    await simulation.clock.advance(2 * MINUTE);
    assert.deepEqual([simulation.row("a").status, simulation.row("b").status], ["failed", "open"]);
    assert.equal(simulation.upstream.open(), 1);
    assert.ok(simulation.row("a").counters.stored > 0);
    const { generation } = simulation.row("a");
    await simulation.clock.advance(30 * MINUTE);
    assert.deepEqual([simulation.row("a").status, simulation.row("a").generation], ["failed", generation]);
  });

  it("leaves streams alone whose requests name them", async () => {
    simulation = new Simulation();
    await simulation.start("a");
    await simulation.start("b");
    await simulation.clock.advance(3 * MINUTE);
    assert.deepEqual([simulation.row("a").status, simulation.row("b").status], ["open", "open"]);
  });
});

describe("the streams of one source", () => {
  const row = (streamId: string, changes: Partial<ConnectionRow> = {}): ConnectionRow => ({
    ...{ streamId, v: 1, desired: "open", desiredVersion: 1, status: "open", generation: 1, attempt: 0 },
    counters: ZERO_COUNTERS,
    ...changes,
  });

  it("keep the one that was open first; a stream that ended is not in the way", () => {
    const rows = [row("c"), row("b", { openedAt: 2 }), row("a", { openedAt: 3 }), row("z", { openedAt: 1 })];
    const surplus = surplusStreams(rows, { sharedRequest: true });
    assert.deepEqual([...surplus.keys()].sort(), ["a", "b", "c"]);
    for (const { message } of surplus.values()) assert.match(message, /^Stream z runs/);
    const ended = [
      row("a", { status: "failed" }),
      row("b", { status: "completed" }),
      row("c", { desired: "closed" }),
      row("d"),
    ];
    assert.equal(surplusStreams(ended, { sharedRequest: true }).size, 0);
  });

  it("are shared where a row says so, unless another row says that its own request names it", () => {
    const shared = row("a", { sharedRequest: true });
    assert.deepEqual([...surplusStreams([shared, row("b")], {}).keys()], ["b"]);
    assert.equal(surplusStreams([shared, row("b", { sharedRequest: false })], {}).size, 0);
    assert.equal(surplusStreams([row("a"), row("b")], {}).size, 0);
    assert.equal(surplusStreams([row("a"), row("b")], { sharedRequest: false }).size, 0);
  });

  it("are not in each other's way where one of them shows that requests name the stream", async () => {
    const { deps } = deployment(row("a", { sharedRequest: false }), row("b"));
    assert.equal(await streamInTheWay(deps, "c"), undefined);
    const known = deployment(row("a"));
    assert.equal(await streamInTheWay({ ...known.deps, sharedRequest: true }, "c"), "a");
    assert.equal(await streamInTheWay({ ...known.deps, sharedRequest: true }, "a"), undefined);
    assert.equal(await streamInTheWay({ ...known.deps, sharedRequest: false }, "c"), undefined);
  });
});
