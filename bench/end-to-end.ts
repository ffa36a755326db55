/**
 * `npm run bench:end-to-end`: one stream through a whole deployment on the local stack, from the receipt of an event to its handler.
 * Each partition of the event table accepts 1,000 write units a second. Every stage runs on this machine, the table too, so a rate that is
 * not reached shows the limit of the machine or of the table: the CPU time of each process says which. The start is not measured. Each
 * run checks that every stored event was handled once.
 */
import { cpus, loadavg } from "node:os";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import { startIngestionStack } from "../cli/local/ingestion-stack";
import { programFolder } from "../tests/local/evaluate/program-folder";
import { coresText, cpuByProcess } from "./end-to-end/cpu-by-process";
import { countOf, type Handled, handledOf, percentile, processorCode } from "./end-to-end/handled";
import { startProcess } from "./process";

interface Options {
  readonly rate: readonly string[];
  readonly storage: readonly string[];
  readonly seconds: string;
  readonly warmUp: string;
  readonly bytes: string;
  readonly partitions: string;
}

const ROOT = resolve(__dirname, "..");
/** Of one partition, in a second. */
const WRITE_UNITS = 1_000;
/** After the stop, so long a run may take to handle what is stored. */
const SETTLE_MS = 120_000;
const POINTS = 3;
/** Before each point, so long the events count for it. */
const POINT_MS = 2_000;
/** A lag that grows by less than this from the first point to the last one is steady. */
const STEADY_MS = 500;
/** Of the rate, to reach it. */
const REACHED = 0.98;

const program = (storage: string, path: string) => `import * as pulumi from "@pulumi/pulumi";
import { StreamIngestion } from "${ROOT}/components/index";
new StreamIngestion("bench", {
  source: { url: new pulumi.Config().require("url"), path: ${JSON.stringify(path)}, format: "lines" },
  processor: { entry: "./processor.ts", batchSize: ${storage === "packed" ? 20 : 1_000} },
  events: { storage: "${storage}" },
});`;

async function run(storage: string, rate: number, options: Options) {
  const [seconds, warmUp] = [Number(options.seconds), Number(options.warmUp)];
  // More than it sends until it is stopped.
  const events = rate * 3_600;
  const upstream = await startProcess("upstream.ts");
  const folder = programFolder({
    "index.ts": program(storage, `/?events=${events}&rate=${rate}&bytes=${options.bytes}&format=lines`),
    "processor.ts": processorCode(`${ROOT}/runtime/processor/index`),
  });
  const handled: Handled[] = [];
  const stack = await startIngestionStack({
    program: folder.path,
    stack: "dev",
    config: { url: upstream.url },
    secrets: {},
    onReport: () => {},
    onEvent: (event) => {
      const one = event.kind === "log" ? handledOf(event.line, event.at) : undefined;
      if (one !== undefined) handled.push(one);
    },
  });
  try {
    const { api, eventTables } = stack.instances[0]!;
    for (const table of eventTables)
      stack.cloud.tables.limit(table, { partitions: Number(options.partitions), writeUnits: WRITE_UNITS });
    const counters = async () => (await api.list()).find(({ streamId }) => streamId === "bench")?.counters;
    await api.start("bench");
    while (handled.length === 0) await sleep(POINT_MS / 20);
    await sleep(warmUp * 1_000);

    const from = Date.now();
    const before = cpuByProcess();
    const points: { readonly lagMs: number; readonly throttled: number }[] = [];
    for (let point = 1; point <= POINTS; point++) {
      const until = from + (point * seconds * 1_000) / POINTS;
      await sleep(until - Date.now());
      const lagMs = percentile(within(handled, until - POINT_MS, until), 0.5);
      points.push({ lagMs, throttled: (await counters())?.throttled ?? 0 });
    }
    const until = from + seconds * 1_000;
    const cores = coresText(before, cpuByProcess(), (Date.now() - from) / 1_000);
    const measured = within(handled, from, until);
    const load = loadavg()[0]!.toFixed(1);

    await api.stop("bench");
    const stopped = Date.now();
    while ((await api.list()).some(({ live }) => live) && Date.now() < stopped + SETTLE_MS) await sleep(POINT_MS / 4);
    const stored = (await counters())?.stored ?? 0;
    while (countOf(handled) < stored && Date.now() < stopped + SETTLE_MS) await sleep(POINT_MS / 4);
    const count = countOf(handled);
    const sum = handled.reduce((all, one) => all + one.sum, 0);
    // One connection reads in order, so what is stored is the beginning of the feed.
    const right = count === stored && sum === (count * (count - 1)) / 2;
    const perSecond = Math.round(countOf(measured) / seconds);
    const growth = points.at(-1)!.lagMs - points[0]!.lagMs;
    const reached = perSecond >= rate * REACHED && growth < STEADY_MS;
    return {
      storage,
      rate,
      "events/s": `${perSecond}${reached ? "" : ", not reached"}`,
      "p50 ms": percentile(measured, 0.5),
      "p99 ms": percentile(measured, 0.99),
      "lag ms": points.map(({ lagMs }) => lagMs).join(" / "),
      throttled: points.map(({ throttled }) => throttled).join(" / "),
      handled: `${count} of ${stored} stored${right ? "" : ", wrong"}`,
      "cores used": cores,
      load,
    };
  } finally {
    await stack.close();
    await upstream.stop();
    folder.remove();
  }
}

const within = (handled: readonly Handled[], from: number, until: number) =>
  handled.filter(({ at }) => at >= from && at < until);

async function main(options: Options): Promise<void> {
  const rows: Awaited<ReturnType<typeof run>>[] = [];
  for (const rate of options.rate)
    for (const storage of options.storage) {
      rows.push(await run(storage, Number(rate), options));
      console.log(JSON.stringify(rows.at(-1)));
    }
  console.log(
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}`,
  );
  console.table(rows);
  if (rows.some(({ handled }) => handled.endsWith("wrong"))) process.exitCode = 1;
}

new Command("npm run bench:end-to-end --")
  .option("--rate <n...>", "events that the upstream sends in a second", ["10", "1000", "20000"])
  .option("--storage <mode...>", "events.storage", ["packed", "each"])
  .option("--seconds <n>", "how long it is measured", "60")
  .option("--warm-up <n>", "seconds before that, after the first event was handled", "30")
  .option("--bytes <n>", "bytes of an event", "200")
  .option("--partitions <n>", "partitions of the event table", "1")
  .action(main)
  .parseAsync()
  .catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
