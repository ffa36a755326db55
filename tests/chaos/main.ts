/**
 * `npm run test:chaos -- --seed N --seconds S`: injects all known faults on the local stack with hops of five seconds. The seed
 * determines their order and combinations. Exits with 1 when an event was lost or processed twice, or a stream did not recover.
 */
import { Command, Option } from "commander";
import { startChaosStack, type Transport } from "./chaos-stack";
import { chaosTable } from "./chaos-table";
import type { Episode } from "./episode";
import { faultsOf } from "./fault-catalogue";
import { runChaos } from "./run-chaos";
import type { ChaosFault } from "./scene";

interface Options {
  readonly seed: string;
  readonly seconds: string;
  readonly lanes: string;
  readonly fault?: readonly string[];
  readonly episodes?: string;
  readonly transport?: Transport;
  readonly storage?: string;
}

/** Of the time, where both run: the faults of the deployment are the same for both. */
const SHARES: Readonly<Record<Transport, number>> = { sse: 2 / 3, websocket: 1 / 3 };

async function main({ transport, ...options }: Options): Promise<void> {
  const transports = transport === undefined ? (["sse", "websocket"] as const) : [transport];
  const matches = transports.flatMap((one) => chosen(one, options));
  if (matches.length === 0) {
    const names = new Set(transports.flatMap(faultsOf).map(({ name }) => name));
    throw new Error(
      `Expected --fault to match a fault, got ${options.fault?.join(" ")}. Faults: ${[...names].join(", ")}`,
    );
  }
  let failed = false;
  for (const one of transports) {
    const seconds = Number(options.seconds) * (transport === undefined ? SHARES[one] : 1);
    const episodes = await run(one, seconds, options);
    if (episodes.length === 0) continue;
    console.log(`${one}\n${chaosTable(episodes)}`);
    failed ||= episodes.some(({ problems }) => problems.length > 0);
  }
  console.log(
    "Recovery: from the end of the fault until there is one lease, one connection, and every event sent by then is stored.",
  );
  const { seed } = options;
  const args = Object.entries({ ...options, transport }).map(
    ([name, value]) => `--${name} ${[value].flat().join(" ")}`,
  );
  console.log(
    failed
      ? `Failed. Repeat with: npm run test:chaos -- ${args.join(" ")}`
      : `No event lost, none processed twice (seed ${seed}).`,
  );
  process.exitCode = failed ? 1 : 0;
}

function chosen(transport: Transport, { fault = [""] }: Pick<Options, "fault">): readonly ChaosFault[] {
  return faultsOf(transport).filter(({ name }) => fault.some((text) => name.includes(text)));
}

async function run(
  transport: Transport,
  seconds: number,
  { seed, lanes, storage, ...options }: Omit<Options, "transport">,
): Promise<readonly Episode[]> {
  const faults = chosen(transport, options);
  // A fault of the other kind of source.
  if (faults.length === 0) return [];
  const args = storage && `events: { storage: "${storage}" },`;
  const chaos = await startChaosStack({ transport, eventsPerSecond: 20, hopSeconds: 5, args });
  const episodes: Episode[] = [];
  try {
    const endsAt = Date.now() + seconds * 1_000;
    const most = options.episodes && { episodes: Number(options.episodes) };
    await runChaos(chaos, { seed: Number(seed), faults, lanes: Number(lanes), endsAt, ...most }, (episode) => {
      episodes.push(episode);
      for (const problem of episode.problems) console.log(`${episode.streamId}: ${problem}`);
    });
  } finally {
    await chaos.close();
  }
  return episodes;
}

new Command("npm run test:chaos --")
  .option("--seed <n>", "seed of the order and the combinations", String(Math.floor(Math.random() * 1e6)))
  .option("--seconds <n>", "no fault starts after this time", "120")
  .option("--lanes <n>", "number of parallel streams", "4")
  .addOption(new Option("--transport <name>", "kind of source; both unless given").choices(["sse", "websocket"]))
  .addOption(new Option("--storage <mode>", "events.storage").choices(["each", "packed"]))
  .option("--fault <text...>", "only faults with one of these texts in their name")
  .option("--episodes <n>", "number of episodes of each transport, if it is reached before the time ends")
  .action(main)
  .parseAsync()
  .catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
