/**
 * `npm run test:chaos -- --seed N --seconds S`: everything that is known to go wrong, in an order and in combinations that
 * the seed gives, on the local stack with hops of five seconds. Ends with 1 when an event was lost or processed twice, or a
 * stream did not come back.
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
    throw new Error(`No fault is called ${fault}; there are: ${FAULTS.map(({ name }) => name).join(", ")}`);
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
    "Recovery: from the end of the cause until one lease, one connection, and every event sent by then is stored.",
  );
  const failed = episodes.some(({ problems }) => problems.length > 0);
  const again = `npm run test:chaos -- --seed ${seed} --seconds ${seconds}`;
  console.log(failed ? `Failed; the same again: ${again}` : `Nothing lost, nothing processed twice (seed ${seed}).`);
  process.exitCode = failed ? 1 : 0;
}

new Command("npm run test:chaos --")
  .option("--seed <n>", "what decides order and combinations", String(Math.floor(Math.random() * 1e6)))
  .option("--seconds <n>", "no fault begins after this time", "120")
  .option("--lanes <n>", "streams that are played with side by side", "4")
  .option("--fault <text>", "only faults whose name holds this text")
  .action(main)
  .parseAsync()
  .catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
