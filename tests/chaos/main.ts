/**
 * `npm run test:chaos -- --seed N --seconds S`: injects all known faults on the local stack with hops of five seconds. The seed
 * determines their order and combinations. Exits with 1 when an event was lost or processed twice, or a stream did not recover.
 */
import { Command } from "commander";
import { startChaosStack } from "./chaos-stack";
import { chaosTable } from "./chaos-table";
import type { Episode } from "./episode";
import { FAULTS } from "./fault-catalogue";
import { runChaos } from "./run-chaos";

interface Options {
  readonly seed: string;
  readonly seconds: string;
  readonly lanes: string;
  readonly fault?: string;
}

async function main({ seed, seconds, lanes, fault }: Options): Promise<void> {
  const faults = FAULTS.filter(({ name }) => fault === undefined || name.includes(fault));
  if (faults.length === 0) {
    throw new Error(
      `Expected --fault to match a fault, got ${fault}. Faults: ${FAULTS.map(({ name }) => name).join(", ")}`,
    );
  }
  const chaos = await startChaosStack({ eventsPerSecond: 20, hopSeconds: 5 });
  const episodes: Episode[] = [];
  try {
    const endsAt = Date.now() + Number(seconds) * 1_000;
    await runChaos(chaos, { seed: Number(seed), faults, lanes: Number(lanes), endsAt }, (episode) => {
      episodes.push(episode);
      for (const problem of episode.problems) console.log(`${episode.streamId}: ${problem}`);
    });
  } finally {
    await chaos.close();
  }
  console.log(chaosTable(episodes));
  console.log(
    "Recovery: from the end of the fault until there is one lease, one connection, and every event sent by then is stored.",
  );
  const failed = episodes.some(({ problems }) => problems.length > 0);
  const repeat = `npm run test:chaos -- --seed ${seed} --seconds ${seconds}`;
  console.log(failed ? `Failed. Repeat with: ${repeat}` : `No event lost, none processed twice (seed ${seed}).`);
  process.exitCode = failed ? 1 : 0;
}

new Command("npm run test:chaos --")
  .option("--seed <n>", "seed of the order and the combinations", String(Math.floor(Math.random() * 1e6)))
  .option("--seconds <n>", "no fault starts after this time", "120")
  .option("--lanes <n>", "number of parallel streams", "4")
  .option("--fault <text>", "only faults with this text in their name")
  .action(main)
  .parseAsync()
  .catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
