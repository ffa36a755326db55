import { writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { compareDecoders } from "./decode";
import { bundleRelay } from "./jobs";
import { type BenchProcess, startProcess } from "./process";
import type { Job, JobResult } from "./relay-process";
import { report } from "./report";
import type { PathRow, Result } from "./result";
import { writeUnits } from "./write-units";

/** `npm run bench [-- --events N --memory-events N]`: measures, checks each result, and writes a dated file. */
const { values } = parseArgs({
  options: { events: { type: "string", default: "1500000" }, "memory-events": { type: "string", default: "10000000" } },
});

/** Bytes of a chunk and of an event. */
const DECODE_SHAPES = [
  [64, 200],
  [1_024, 200],
  [65_536, 200],
  [65_536, 2_000],
  [65_536, 200_000],
] as const;

/** Odd, for a median. */
const TURNS = 3;

async function main(): Promise<void> {
  const events = Number(values.events);
  const bundle = bundleRelay();
  const upstream = await startProcess("upstream.ts");
  const paths: PathRow[] = [];
  const measured = async (start: () => Promise<BenchProcess>, job: Omit<Job, "upstream" | "endpoint">) => {
    // A new database for each job, so that none starts with the items of another.
    const endpoint = await start();
    const result = await bundle.run({ ...job, upstream: upstream.url, endpoint: endpoint.url });
    await endpoint.stop();
    return result;
  };
  /** Jobs to compare run in alternating turns, so that a busy time of the machine does not affect only one of them. */
  const onDatabase = async (
    database: string,
    start: () => Promise<BenchProcess>,
    jobs: [string, Partial<Job>][],
    turns = 1,
  ) => {
    const rows = jobs.map((): PathRow[] => []);
    for (let turn = 0; turn < turns; turn++)
      for (const [i, [name, changes]] of jobs.entries()) {
        const job = { path: "relay", format: "lines", events: Math.ceil(events / turns), ...changes } as const;
        rows[i]!.push(row(name, database, job.events, await measured(start, job)));
      }
    for (const one of rows.map(median)) {
      paths.push(one);
      const { name, eventsPerSecond, cpuMicrosecondsPerEvent: cpu } = one;
      console.log(`${name} @ ${database}: ${Math.round(eventsPerSecond)}/s, ${cpu.toFixed(1)} µs`);
    }
  };
  const compared: [string, Partial<Job>][] = [
    ["blueprint, lines", { path: "blueprint", events: 1_700 }],
    ["relay, lines", {}],
    ["relay, lines, packed", { storage: "packed" }],
    ["relay, SSE", { format: "sse" }],
    ["relay, JSON values", { format: "json" }],
    ["relay, WebSocket", { format: "websocket" }],
  ];
  await onDatabase("null, 4 ms", () => startProcess("null-dynamodb.ts", ["4"]), compared, TURNS);
  await onDatabase("null, 0 ms", () => startProcess("null-dynamodb.ts", ["0"]), compared, TURNS);
  await onDatabase("none", () => startProcess("null-dynamodb.ts", ["0"]), [["bare connection", { path: "bare" }]]);
  await onDatabase("embedded engine", () => startProcess("embedded-engine.ts"), [["relay, lines", { events: 50_000 }]]);
  await onDatabase("null, 200 ms", () => startProcess("null-dynamodb.ts", ["200"]), [
    ["slow database", { events: 20_000 }],
  ]);
  await onDatabase("null, 4 ms", () => startProcess("null-dynamodb.ts", ["4"]), [
    ["memory over a long run", { events: Number(values["memory-events"]) }],
    ["packed, after a handover", { storage: "packed", stored: 50_000 }],
  ]);
  await upstream.stop();

  const decode: Result["decode"][number][] = [];
  for (const [ours, baseline] of [
    ["sse", "eventsource-parser"] as const,
    ["lines", "split2"] as const,
    ["json", "stream-json"] as const,
  ])
    for (const [chunkBytes, eventBytes] of DECODE_SHAPES)
      decode.push(await compareDecoders(ours, baseline, chunkBytes, eventBytes));
  const result: Result = {
    date: new Date().toISOString(),
    machine: `${cpus().length} × ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}`,
    ...{ paths, decode },
    bundle: {
      bytes: bundle.bytes,
      importMs: Math.min(...[await bundle.importMs(), await bundle.importMs(), await bundle.importMs()]),
    },
    units: writeUnits(),
  };
  bundle.remove();
  const text = report(result);
  const file = join(__dirname, "results", result.date.slice(0, 10));
  writeFileSync(`${file}.json`, `${JSON.stringify(result, null, 2)}\n`);
  writeFileSync(`${file}.md`, text);
  console.log(`\n${text}`);
}

function row(name: string, database: string, events: number, { seconds, cpuMicroseconds, ...rss }: JobResult): PathRow {
  const megabytes = (bytes: number) => Math.round(bytes / 1e5) / 10;
  return {
    ...{ name, database, events },
    eventsPerSecond: events / seconds,
    cpuMicrosecondsPerEvent: cpuMicroseconds / events,
    maxRssMegabytes: megabytes(rss.maxRssBytes),
    rssMegabytes: rss.rssBytes.map(megabytes),
  };
}

/** The turn with the median CPU time per event, which depends less on other processes than the events per second. */
function median(rows: readonly PathRow[]): PathRow {
  return rows.toSorted((a, b) => a.cpuMicrosecondsPerEvent - b.cpuMicrosecondsPerEvent)[rows.length >> 1]!;
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
