/** Prints a run on stdout, as `stream-ingestion local` does. Runs under a pseudo-terminal in a test. */
import type { StreamView } from "../../../cli/local/connection-api";
import { textReporter } from "../../../cli/local/text-reporter";
import { NO_TOTALS } from "../../../cli/local/totals";
import { ZERO_COUNTERS } from "../../../runtime/contract";

let now = 0;
const reporter = textReporter(process.stdout, () => now);
const streams = (count: number, status: string) =>
  Array.from({ length: count }, (_, i) => ({
    ...{ streamId: `stream-with-a-long-name-${i}`, instance: "market-data-of-frankfurt", status, generation: 3 },
    counters: { ...ZERO_COUNTERS, received: i * 1_000 },
  })) as unknown as StreamView[];

reporter.step("Evaluating the program");
reporter.step("Creating resources", `1: ${"x".repeat(300)}`);
for (const [count, status] of [
  [3, "starting"],
  [70, "open"],
  [2, "handing-over"],
] as const) {
  now += 500;
  reporter.note(`kept: ${count}`);
  reporter.progress(streams(count, status), { ...NO_TOTALS, stored: count });
}
