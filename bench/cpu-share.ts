/**
 * `npm run bench:cpu-share`: the relay with the share of a CPU core that Lambda gives 256 MB, over TLS, in both storage modes. Upstream and
 * database are processes without a limit, so the relay is what limits the rate. Each run checks that every event was stored, and that
 * the relay got its share.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { certificate } from "../tests/data/certificate";
import { cpuQuota } from "./cpu-quota";
import { bundleRelay } from "./jobs";
import { startProcess } from "./process";

interface Options {
  readonly share: string;
  readonly each: string;
  readonly packed: string;
  readonly turns: string;
  readonly latency: string;
}

interface Row {
  readonly storage: "each" | "packed";
  readonly "events/s": number;
  readonly "share of a core": number;
  readonly "CPU µs per event": number;
  readonly "peak RSS MB": number;
}

/** A relay that waits for something else than its CPU gets less. */
const USED_SHARE = 0.9;

async function main(options: Options): Promise<void> {
  const share = Number(options.share);
  const folder = mkdtempSync(join(tmpdir(), "cpu-share-"));
  const caFile = join(folder, "ca.pem");
  writeFileSync(caFile, certificate().cert);
  const bundle = bundleRelay();
  const upstream = await startProcess("upstream.ts", [], certificate());
  const quota = cpuQuota(share);
  const run = async (storage: Row["storage"]): Promise<Row> => {
    const events = Number(options[storage]);
    const database = await startProcess("null-dynamodb.ts", [options.latency], certificate());
    const job = { path: "relay", format: "lines", events, upstream: upstream.url, endpoint: database.url } as const;
    try {
      const { seconds, cpuMicroseconds, maxRssBytes } = await bundle.run(
        { ...job, ...(storage === "packed" && { storage }) },
        { caFile, onStarted: quota.add },
      );
      const used = cpuMicroseconds / 1e6 / seconds;
      return {
        storage,
        "events/s": Math.round(events / seconds),
        "share of a core": Number(used.toFixed(3)),
        "CPU µs per event": Number((cpuMicroseconds / events).toFixed(1)),
        "peak RSS MB": Math.round(maxRssBytes / 1e6),
      };
    } finally {
      await database.stop();
    }
  };
  const rows: Row[] = [];
  try {
    for (let turn = 0; turn < Number(options.turns); turn++)
      for (const storage of ["each", "packed"] as const) {
        rows.push(await run(storage));
        console.log(JSON.stringify(rows.at(-1)));
      }
  } finally {
    await upstream.stop();
    quota.remove();
    bundle.remove();
    rmSync(folder, { recursive: true });
  }
  console.log(
    `${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}, load average ${loadavg()[0]?.toFixed(1)}`,
  );
  console.table(rows);
  const [each, packed] = (["each", "packed"] as const).map((storage) => median(rows, storage));
  console.log(`Packed stored ${(packed! / each!).toFixed(1)} times the events/s of each (medians).`);
  const outside = rows.filter(
    (row) => row["share of a core"] > share * 1.05 || row["share of a core"] < share * USED_SHARE,
  );
  if (outside.length > 0) throw new Error(`Expected a share of ${share}, got ${JSON.stringify(outside)}.`);
}

function median(rows: readonly Row[], storage: Row["storage"]): number {
  const rates = rows.filter((row) => row.storage === storage).map((row) => row["events/s"]);
  return rates.sort((a, b) => a - b)[rates.length >> 1]!;
}

new Command("npm run bench:cpu-share --")
  .option("--share <n>", "of a core; Lambda gives a function a whole one with 1,769 MB", "0.145")
  .option("--each <n>", "events of a run of the mode each", "200000")
  .option("--packed <n>", "events of a run of the mode packed", "600000")
  .option("--latency <ms>", "of a request to the database", "4")
  .option("--turns <n>", "runs of each mode, in turns", "3")
  .action(main)
  .parseAsync()
  .catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
