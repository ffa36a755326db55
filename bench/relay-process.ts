import type { Cost } from "./process";
import { barePath, blueprintPath, type PathInput, relayPath } from "./relay-path";

/** One measurement in a new process with bundled code, as Lambda runs it. */
export interface Job extends PathInput {
  readonly path: "relay" | "blueprint" | "bare";
}

export interface JobResult extends Cost {
  readonly maxRssBytes: number;
  /** Memory during the run, in about twenty samples. */
  readonly rssBytes: readonly number[];
}

async function main(job: Job): Promise<JobResult> {
  const samples: number[] = [];
  const watch = setInterval(() => samples.push(process.memoryUsage.rss()), 100);
  const cost = await { relay: relayPath, blueprint: blueprintPath, bare: barePath }[job.path](job);
  clearInterval(watch);
  samples.push(process.memoryUsage.rss());
  const step = Math.max(1, Math.floor(samples.length / 20));
  return { ...cost, maxRssBytes: Math.max(...samples), rssBytes: samples.filter((_, i) => i % step === 0) };
}

main(JSON.parse(process.argv[2] ?? "{}")).then(
  (result) => process.send?.(result, () => process.exit(0)),
  (error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  },
);
