import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import fc from "fast-check";
import { addSize } from "../../cli/size";
import { fits, sizing, type Workload } from "../../cli/size/sizing";
import { run } from "./cli-fixture";

const WORKLOAD: Workload = {
  eventsPerSecond: 1_000,
  bytes: 200,
  streams: 1,
  streamsPerHop: 1,
  processorMs: 1,
  ttlDays: 7,
  compression: 0.15,
  packBytes: 65_536,
  lingerMs: 200,
};
const of = (changes: Partial<Workload> = {}) => sizing({ ...WORKLOAD, ...changes });
const textOf = (path: string) => readFileSync(resolve(__dirname, "../..", path), "utf8");
const cents = (value: number) => Math.round(value * 100) / 100;

describe("size", () => {
  it("is what AWS's prices give for a thousand events a second", () => {
    const { each, packed, container, kinesis } = of();
    // 1,000 units × 2,628,000 s × $0.625 per million; 256 MB × 2,628,000 s; 0.25 vCPU and 0.5 GB × 730 h; a shard and 2,628 million records.
    assert.deepEqual(
      [each.dollars.writes, each.dollars.relay, container.dollars, kinesis.dollars].map(cents),
      [1642.5, 8.76, 7.21, 47.74],
    );
    assert.deepEqual([each.writeUnitsPerSecond, each.slices, each.relayMemorySize], [1_000, 1, 256]);
    assert.ok(packed.writeUnitsPerSecond < 50, String(packed.writeUnitsPerSecond));
    assert.equal(cents(each.provisionedWrites / each.dollars.writes), 0.41);
  });

  it("names what binds first, in both modes", () => {
    const first = (changes: Partial<Workload>) => {
      const { each, packed } = of(changes);
      return [each, packed].map(({ limits: [limit] }) => [limit?.what, Math.round(limit?.eventsPerSecond ?? 0)]);
    };
    assert.deepEqual(first({ processorMs: 5 }), [
      ["one handler at a time", 200],
      ["one handler at a time", 200],
    ]);
    assert.deepEqual(first({ processorMs: 0.01 }), [
      ["table partition", 1_000],
      ["relay CPU with 256 MB", 15_561],
    ]);
    assert.deepEqual(first({ bytes: 3_000, processorMs: 0.5 })[0], ["table partition", 250]);
  });

  it("sizes slices, warm throughput, memory and handlers for the load, and says when a mode cannot take it", () => {
    const fast = of({ eventsPerSecond: 8_000, processorMs: 2 });
    assert.deepEqual([fast.each.slices, fast.each.warmThroughput, fast.handlers], [32, 12_000, 16]);
    assert.ok(fast.each.relayMemorySize! > fast.packed.relayMemorySize!);
    assert.equal(fast.mode, "packed");
    const tooFast = of({ eventsPerSecond: 20_000 });
    assert.deepEqual([tooFast.each.slices, tooFast.packed.slices, tooFast.mode], [undefined, 1, "packed"]);
    assert.equal(of({ eventsPerSecond: 200_000 }).packed.relayMemorySize, undefined);
  });

  it("shows where something else costs less", () => {
    assert.equal(of().container.cheaperFromStreams, 1);
    // One small container costs less than one hop, so the number of streams in the workload changes nothing.
    for (const streams of [1, 150, 1_000])
      assert.equal(of({ streams, streamsPerHop: 100, eventsPerSecond: 1 }).container.cheaperFromStreams, 1);
    assert.equal(of({ eventsPerSecond: 200_000 }).container.cheaperFromStreams, undefined);
    const { cheaperThanEachFrom, cheaperThanPackedFrom } = of().kinesis;
    assert.deepEqual([cheaperThanEachFrom, cheaperThanPackedFrom], [10, 500]);
  });

  it("costs more for more of everything, and is finite", () => {
    const workload = fc.record({
      eventsPerSecond: fc.double({ min: 0.01, max: 1e5, noNaN: true }),
      bytes: fc.integer({ min: 1, max: 400_000 }),
      streams: fc.integer({ min: 1, max: 1_000 }),
      streamsPerHop: fc.integer({ min: 1, max: 100 }),
    });
    fc.assert(
      fc.property(workload, (changes) => {
        const less = of(changes);
        const more = of({ ...changes, streams: changes.streams * 2, ttlDays: 14 });
        for (const mode of ["each", "packed"] as const) {
          const { total } = less[mode].dollars;
          assert.ok(Number.isFinite(total) && total > 0 && more[mode].dollars.total > total);
        }
      }),
    );
  });

  it("prints text or JSON, and explains a wrong number", async () => {
    const args = ["size", "--events-per-second", "1000", "--bytes", "200"];
    const text = await run(addSize, ...args);
    assert.match(text.out.join("\n"), /writes on demand +\$1,643 +\$57\.20/);
    assert.match(text.out.join("\n"), /Storage: events\.storage "packed"/);
    const tooFast = await run(addSize, "size", "--events-per-second", "20000", "--bytes", "200");
    assert.match(tooFast.out.join("\n"), /total a month, on demand +too fast +\$1,\d{3}$/m);
    const json = await run(addSize, ...args, "--json", "--streams", "2");
    assert.equal(JSON.parse(json.out.join("")).workload.streams, 2);
    assert.equal(JSON.parse(json.out.join("")).prices.asOf, "2026-11");
    for (const rate of ["fast", "", "0", "-1", "1e12", "Infinity"])
      await assert.rejects(
        run(addSize, "size", "--events-per-second", rate, "--bytes", "200"),
        /Expected a number above 0, up to 1000000\./,
      );
    for (const [option, value, range] of [
      ["--streams", "1.5", "1..100000"],
      ["--bytes", "400001", "1..400000"],
      ["--pack-bytes", "1000", "1024..262144"],
      ["--linger-ms", "0", "10..5000"],
      ["--ttl-days", "1e3", "1..3650"],
    ] as const)
      await assert.rejects(run(addSize, ...args, option, value), new RegExp(`Expected a whole number in ${range}\\.`));
  });

  it("takes its CPU time from docs/benchmarks.md, and docs/sizing.md shows it", () => {
    const measured = textOf("docs/benchmarks.md").split("### A relay with the CPU of 256 MB")[1]!;
    const atDefault = (["each", "packed"] as const).map((mode) => {
      const limit = of()[mode].limits.find(({ what }) => what === "relay CPU with 256 MB")!.eventsPerSecond;
      const rate = Number(new RegExp(`^\\| ${mode} \\| ([\\d,]+) \\|`, "m").exec(measured)![1]!.replace(",", ""));
      assert.ok(Math.abs(limit / rate - 1) < 0.01, `${mode}: expected about ${rate} events/s, got ${limit}`);
      return `About ${(Math.round(limit / 100) * 100).toLocaleString("en-US")} events/s`;
    });
    assert.ok(textOf("docs/sizing.md").includes(`| ${atDefault[0]} over TLS | ${atDefault[1]} |`), atDefault.join());
  });

  it("is what docs/should-we.md and README.md say", () => {
    const page = textOf("docs/should-we.md");
    const rows = (
      [
        [1, 10, 200, 1],
        [1, 100, 200, 1],
        [1, 1_000, 200, 1],
        [1, 20_000, 200, 1],
        [100, 1, 400, 1],
        [1_000, 1, 400, 100],
      ] as const
    ).map(([streams, eventsPerSecond, bytes, streamsPerHop]) => {
      const { each, packed, container, kinesis } = of({ streams, eventsPerSecond, bytes, streamsPerHop });
      const shared = streamsPerHop === 1 ? "" : `, ${streamsPerHop} in a hop`;
      const dollars = (value: number) => `$${Math.round(value).toLocaleString("en-US")}`;
      const modes = [each, packed].map((mode) => (fits(mode) ? dollars(mode.dollars.total) : "too fast"));
      const cells = [...modes, dollars(container.dollars), dollars(kinesis.dollars)].join(" | ");
      const name = `${streams.toLocaleString("en-US")} × ${eventsPerSecond.toLocaleString("en-US")} events/s`;
      return `| ${name} of ${bytes} bytes${shared} | ${cells} |`;
    });
    const parts = (
      [
        [1, 1],
        [1, 100],
        [1_000, 1],
      ] as const
    ).map(([eventsPerSecond, streamsPerHop]) => {
      const { each, packed } = of({ eventsPerSecond, streamsPerHop, streams: streamsPerHop });
      const million = ({ dollars: { writes, storage, processor } }: typeof each) =>
        (writes + storage + processor) / ((eventsPerSecond * streamsPerHop * 730 * 3_600) / 1e6);
      const cells = [each.dollars.relay / streamsPerHop, million(each), million(packed)];
      const count = (value: number, word: string) =>
        `${value.toLocaleString("en-US")} ${word}${value === 1 ? "" : "s"}`;
      const name = `${count(eventsPerSecond, "event")}/s in a stream, ${count(streamsPerHop, "stream")} in a hop`;
      return `| ${name} | ${cells.map((value) => `$${value.toFixed(2)}`).join(" | ")} |`;
    });
    const one = of({ processorMs: 1 });
    const shared = of({ eventsPerSecond: 1, bytes: 400, streams: 1_000, streamsPerHop: 100 });
    const vcpu = (mode: "each" | "packed") =>
      Math.floor(one[mode].limits.find(({ what }) => what === "relay CPU with a whole vCPU")!.eventsPerSecond / 1_000);
    const breakEven = [
      `| A container service costs less than hops of one stream each | From ${one.container.cheaperFromStreams} stream |`,
      `| A container service costs less than hops of 100 quiet streams each | From ${shared.container.cheaperFromStreams} stream |`,
      `| Kinesis costs less than writes and storage of \`each\` (200 bytes) | From ${one.kinesis.cheaperThanEachFrom} events/s |`,
      `| Kinesis costs less than writes and storage of \`packed\` (200 bytes) | From ${one.kinesis.cheaperThanPackedFrom} events/s |`,
      `| The most that one stream's relay carries, with a whole vCPU | ${vcpu("each")},000 events/s (\`each\`), ${vcpu("packed")},000 events/s (\`packed\`) |`,
    ];
    const linesOf = (heading: string) => page.split(`${heading} |`)[1]!.split("\n\n")[0]!.split("\n").slice(2);
    assert.deepEqual(linesOf("workload"), rows);
    assert.deepEqual(linesOf("hop, a month for each stream"), parts);
    assert.deepEqual(linesOf("answer"), breakEven);
    const cheaper = `A container service costs less than the relay from ${one.container.cheaperFromStreams} stream on`;
    assert.ok(textOf("README.md").includes(cheaper));
  });

  it("is the price of a stream that the arguments, README.md and docs/operating.md give", () => {
    const alone = of({ eventsPerSecond: 1 }).each.dollars.relay.toFixed(2);
    assert.ok(textOf("docs/arguments.md").includes(`256 MB of arm64 is $${alone} a month per stream`));
    assert.ok(textOf("components/args.ts").includes(`costs $${alone} per month with 256 MB`));
    const shared = of({ eventsPerSecond: 1, streams: 1_000, streamsPerHop: 100 }).each.dollars.relay / 1_000;
    const [, table = ""] = textOf("docs/operating.md").split("| part | dollars |\n|---|---|\n");
    const rows = table
      .split("\n\n")[0]!
      .split("\n")
      .map((row) => Number(row.split(" | ")[1]!.replace(" |", "")));
    const sum = rows.pop()!;
    assert.equal(rows[0], Number(shared.toFixed(4)));
    assert.equal(rows.reduce((total, part) => total + part).toFixed(3), sum.toFixed(3));
    const dollars = `$${sum.toFixed(2)}`;
    assert.ok(textOf("README.md").includes(`Share one invocation: ${dollars} each a month for 1,000`));
    assert.ok(textOf("docs/arguments.md").includes(`1,000 quiet streams, 100 per hop, cost ${dollars} each a month`));
    assert.ok(textOf("components/args.ts").includes(`to ${dollars} per stream and month`));
  });
});
