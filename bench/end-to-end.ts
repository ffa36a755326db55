/**
 * `npm run bench:end-to-end`: one stream through a whole deployment on the local stack, from the receipt of an event to the return of
 * its handler. The partitions of the event table accept 1,000 write units a second. Every stage runs on this machine, the table too,
 * so a rate that is not reached shows the limit of the machine or of the table. Each run checks that every event was handled once.
 */
import { cpus } from "node:os";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import { startIngestionStack } from "../cli/local/ingestion-stack";
import { programFolder } from "../tests/local/evaluate/program-folder";
import { startProcess } from "./process";

interface Options {
  readonly rate: readonly string[];
  readonly storage: readonly string[];
  readonly seconds: string;
  readonly bytes: string;
  readonly partitions: string;
}

const ROOT = resolve(__dirname, "..");
/** Of one partition, in a second. */
const WRITE_UNITS = 1_000;
/** After the last event was sent, so long a run may take to handle what it has received. */
const SETTLE_MS = 120_000;
const SAMPLE_MS = 500;
/** Steps of the latency, in ms: a handler counts its events in them. */
const STEP_MS = 5;
/** A lag that grows by less than this between the two halves of a run does not grow. */
const STEADY_MS = 500;

const program = (storage: string, path: string) => `import * as pulumi from "@pulumi/pulumi";
import { StreamIngestion } from "${ROOT}/components/index";
new StreamIngestion("bench", {
  source: { url: new pulumi.Config().require("url"), path: ${JSON.stringify(path)}, format: "lines" },
  processor: { entry: "./processor.ts", batchSize: ${storage === "packed" ? 20 : 1_000} },
  events: { storage: "${storage}" },
});`;
/** Prints how many events it got, the sum of their numbers, and their latencies from the receipt in steps. */
const PROCESSOR = `import { eachBatch } from "${ROOT}/runtime/processor/index";
export const handler = eachBatch((events) => {
  const now = Date.now();
  const steps: Record<number, number> = {};
  let sum = 0;
  for (const event of events) {
    const step = Math.floor((now - event.receivedAt) / ${STEP_MS});
    steps[step] = (steps[step] ?? 0) + 1;
    sum += Number(/"sequence":(\\d+)/.exec(String(event.data))![1]);
  }
  console.log(JSON.stringify({ bench: events.length, sum, steps }));
});`;

interface Handled {
  readonly at: number;
  readonly count: number;
  readonly steps: ReadonlyMap<number, number>;
}

async function run(storage: string, rate: number, options: Options) {
  const events = rate * Number(options.seconds);
  const upstream = await startProcess("upstream.ts");
  const folder = programFolder({
    "index.ts": program(storage, `/?events=${events}&rate=${rate}&bytes=${options.bytes}&format=lines`),
    "processor.ts": PROCESSOR,
  });
  const handled: Handled[] = [];
  let [count, sum] = [0, 0];
  const stack = await startIngestionStack({
    program: folder.path,
    stack: "dev",
    config: { url: upstream.url },
    secrets: {},
    onReport: () => {},
    onEvent: (event) => {
      if (event.kind !== "log" || !event.line.includes('"bench":')) return;
      const line = JSON.parse(event.line.slice(event.line.indexOf("{"))) as {
        bench: number;
        sum: number;
        steps: Record<string, number>;
      };
      count += line.bench;
      sum += line.sum;
      const steps = new Map(Object.entries(line.steps).map(([step, times]) => [Number(step), times]));
      handled.push({ at: event.at, count: line.bench, steps });
    },
  });
  try {
    const { api, eventTables } = stack.instances[0]!;
    for (const table of eventTables)
      stack.cloud.tables.limit(table, { partitions: Number(options.partitions), writeUnits: WRITE_UNITS });
    const from = Date.now();
    await api.start("bench");
    const sentBy = from + Number(options.seconds) * 1_000;
    while (count < events && Date.now() < sentBy + SETTLE_MS) await sleep(SAMPLE_MS);
    const took = ((handled.at(-1)?.at ?? Date.now()) - from) / 1_000;
    await api.stop("bench");
    const view = (await api.list()).find(({ streamId }) => streamId === "bench");
    const isRight = count === events && sum === (events * (events - 1)) / 2;
    const half = (from + sentBy) / 2;
    const [before, after] = [handled.filter(({ at }) => at < half), handled.filter(({ at }) => at >= half)];
    const growthMs = percentile(after, 0.5) - percentile(before, 0.5);
    return {
      storage,
      rate,
      "events handled": `${count} of ${events}${isRight ? "" : ", wrong or incomplete"}`,
      "events/s": Math.round(count / took),
      "p50 ms": percentile(handled, 0.5),
      "p99 ms": percentile(handled, 0.99),
      "growth of p50, ms": growthMs,
      throttled: view?.counters?.throttled ?? 0,
      steady: isRight && growthMs < STEADY_MS,
    };
  } finally {
    await stack.close();
    await upstream.stop();
    folder.remove();
  }
}

/** Latency that this share of the events does not exceed, in ms. */
function percentile(handled: readonly Handled[], share: number): number {
  const steps = new Map<number, number>();
  for (const one of handled) for (const [step, times] of one.steps) steps.set(step, (steps.get(step) ?? 0) + times);
  const total = handled.reduce((all, one) => all + one.count, 0);
  let passed = 0;
  for (const [step, times] of [...steps].sort(([a], [b]) => a - b)) {
    passed += times;
    if (passed >= total * share) return (step + 1) * STEP_MS;
  }
  return Number.NaN;
}

async function main(options: Options): Promise<void> {
  const rows: Awaited<ReturnType<typeof run>>[] = [];
  for (const rate of options.rate)
    for (const storage of options.storage) {
      const row = await run(storage, Number(rate), options);
      console.log(JSON.stringify(row));
      rows.push(row);
    }
  console.log(
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}`,
  );
  console.table(rows);
  const fastest = (storage: string) =>
    Math.max(0, ...rows.filter((row) => row.storage === storage).map((row) => row["events/s"]));
  const [each, packed] = [fastest("each"), fastest("packed")];
  if (each > 0 && packed > 0) console.log(`Packed handled ${(packed / each).toFixed(1)} times the events/s of each.`);
  if (rows.some((row) => row["events handled"].includes("wrong"))) process.exitCode = 1;
}

new Command("npm run bench:end-to-end --")
  .option("--rate <n...>", "events that the upstream sends in a second", ["10", "1000", "20000"])
  .option("--storage <mode...>", "events.storage", ["packed", "each"])
  .option("--seconds <n>", "how long it sends", "60")
  .option("--bytes <n>", "bytes of an event", "200")
  .option("--partitions <n>", "partitions of the event table", "4")
  .action(main)
  .parseAsync()
  .catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
