import type { Cost } from "./process";
import { barePath, blueprintPath, type PathInput, relayPath } from "./relay-path";

/** One measurement in a fresh process of bundled code, as Lambda would run it. */
export interface Job extends PathInput {
  readonly path: "relay" | "blueprint" | "bare";
}

export interface JobResult extends Cost {
  readonly maxRssBytes: number;
  /** Memory over the run, in twenty steps. */
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
