/**
 * `npm run bench:fleet`: 1,000 streams for 24 simulated hours with starts, stops, crashes, outages and deploys. Prints the hops over time,
 * connections, handovers and the price of a quiet stream. Fails when a bound is broken.
 */
import { ALARMS } from "../components/alarm-list";
import { METRIC } from "../runtime/contract";
import { Fleet } from "./fleet/fleet";
import { type IdleCalls, idleCalls } from "./fleet/idle-calls";

const STREAMS = 1_000;
const PER_HOP = 100;
const HOURS = 24;
/** One stream in twenty has an upstream that takes one connection. */
const SINGLE_SHARE = 0.05;

/** us-east-1. */
const PRICE = {
  write: 0.625e-6,
  read: 0.125e-6,
  armGbSecond: 0.0000133334,
  metric: 0.3,
  alarm: 0.1,
  dashboard: 3,
  secret: 0.4,
};
const MEMORY_GB = 0.25;
const SECONDS_PER_MONTH = 2_628_000;
const METRICS = Object.keys(METRIC).length;
/** All but `eventsMissing`, which exists only with `events.sequence`. */
const DEFAULT_ALARMS = Object.keys(ALARMS).length - 1;
const TARGET_DOLLARS = 0.15;
/** A shared row must fit one write unit. */
const MAX_ROW_BYTES = 1_024;

interface Change {
  readonly atMinute: number;
  readonly name: string;
  readonly act: (fleet: Fleet) => void;
}

/** A linear congruential generator, so that each run is the same. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A day. Between two changes there is time to reach the bound of fifteen minutes. */
function dayOf(random: () => number): Change[] {
  const ids = Array.from({ length: STREAMS }, (_, i) => `s${i}`);
  const isOpen = (fleet: Fleet) => ids.filter((id) => fleet.rows.get(id)?.desired === "open");
  const some = (from: readonly string[], share: number) => from.filter(() => random() < share);
  const stop = (share: number) => (fleet: Fleet) => {
    for (const id of some(isOpen(fleet), share)) fleet.stop(id);
  };
  const startAll = (fleet: Fleet) => {
    const open = new Set(isOpen(fleet));
    for (const id of ids) if (!open.has(id)) fleet.start(id);
  };
  const cycle: readonly (readonly [string, (fleet: Fleet) => void])[] = [
    ["stop 5%", stop(0.05)],
    ["start the rest", startAll],
    [
      "deploy",
      (fleet) => {
        fleet.release = `r${fleet.now}`;
      },
    ],
    ["crash a hop", (fleet) => fleet.crash([...fleet.hops.values()].find(({ streams }) => streams.size > 0)!.id)],
    ["outage begins", (fleet) => fleet.fail()],
    [
      "outage ends",
      (fleet) => {
        fleet.outage = false;
      },
    ],
    ["stop 60%", stop(0.6)],
    ["start the rest", startAll],
  ];
  const changes: Change[] = [{ atMinute: 1, name: "start all", act: startAll }];
  for (let minute = 41, i = 0; minute < HOURS * 60 - 40; minute += 40, i++) {
    const [name, act] = cycle[i % cycle.length]!;
    changes.push({ atMinute: minute, name, act });
  }
  return changes;
}

/** Checks the bounds of the number of hops, from the last time that a stream was started, stopped or down. */
function boundsOf(fleet: Fleet, quietSeconds: number): string | undefined {
  const open = [...fleet.rows.values()].filter(({ desired }) => desired === "open").length;
  const needed = Math.ceil(open / PER_HOP);
  const allowed = quietSeconds >= 900 ? needed + 1 : quietSeconds >= 120 ? 2 * needed + 1 : Number.POSITIVE_INFINITY;
  if (fleet.running <= allowed) return undefined;
  return `${fleet.running} hops for ${open} streams, ${quietSeconds} s after the last change: at most ${allowed} are allowed`;
}

function run(): string[] {
  const random = seeded(14);
  const singles = new Set(Array.from({ length: STREAMS }, (_, i) => `s${i}`).filter(() => random() < SINGLE_SHARE));
  const fleet = new Fleet({ streamsPerHop: PER_HOP, random, single: (id) => singles.has(id) });
  const changes = dayOf(random);
  const broken: string[] = [];
  const samples: { readonly second: number; readonly hops: number; readonly handovers: number }[] = [];
  let quietSince = 0;
  let peak = 0;
  for (let second = 1; second <= HOURS * 3_600; second++) {
    fleet.tick();
    for (const { act, atMinute } of changes) {
      if (atMinute * 60 !== second) continue;
      act(fleet);
      quietSince = second;
    }
    peak = Math.max(peak, fleet.connections);
    if (second % 10 !== 0) continue;
    if ([...fleet.rows.values()].some(({ desired, owner }) => (desired === "open") !== (owner !== undefined)))
      quietSince = second;
    const problem = boundsOf(fleet, second - quietSince);
    if (problem) broken.push(`minute ${(second / 60).toFixed(1)}: ${problem}`);
    samples.push({ second, hops: fleet.running, handovers: fleet.handovers });
  }
  const at = (second: number) => samples[Math.min(samples.length, Math.ceil(second / 10)) - 1]!;
  console.log("minute  change            hops before  2 min after  15 min after  35 min after");
  for (const { atMinute, name } of changes) {
    const hops = [0, 120, 900, 2_100].map((after) =>
      String(at(atMinute * 60 + after - (after === 0 ? 10 : 0)).hops).padStart(11),
    );
    console.log(`${String(atMinute).padStart(6)}  ${name.padEnd(16)} ${hops.join("  ")}`);
  }
  const perMinute = samples
    .filter((_, i) => i % 6 === 5)
    .map(({ handovers }, i, all) => handovers - (all[i - 1]?.handovers ?? 0));
  const figures = {
    "handovers, moves": `${fleet.handovers}, ${fleet.moves}`,
    "handovers a minute, at most": Math.max(...perMinute),
    "connections, at most": peak,
  };
  for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(34)} ${value}`);
  return broken;
}

async function price(): Promise<string[]> {
  const calls: IdleCalls = await idleCalls(PER_HOP, 30);
  const { write, read, armGbSecond, metric, alarm, dashboard, secret } = PRICE;
  const hops = STREAMS / PER_HOP;
  const scans = ((STREAMS * calls.rowBytes) / 4_096) * (SECONDS_PER_MONTH / 60) * read;
  const dollars = {
    "hops (256 MB, arm64)": (hops * MEMORY_GB * SECONDS_PER_MONTH * armGbSecond) / STREAMS,
    "table writes": calls.writes * Math.ceil(calls.rowBytes / MAX_ROW_BYTES) * write,
    "table reads": calls.reads * read,
    "the watchdog's scans": scans / STREAMS,
    "metrics, alarms, dashboard, secret": (METRICS * metric + DEFAULT_ALARMS * alarm + dashboard + secret) / STREAMS,
  };
  const sum = Object.values(dollars).reduce((total, one) => total + one, 0);
  console.log(
    `calls of a quiet stream in a month  ${calls.writes.toFixed(0)} writes, ${calls.reads.toFixed(0)} reads; its row has ${calls.rowBytes} bytes`,
  );
  for (const [name, value] of Object.entries({ ...dollars, "a quiet stream in a month": sum }))
    console.log(`${name.padEnd(34)} $${value.toFixed(4)}`);
  return [
    ...(sum > TARGET_DOLLARS ? [`$${sum.toFixed(3)} a stream in a month: at most $${TARGET_DOLLARS} is allowed`] : []),
    ...(calls.rowBytes >= MAX_ROW_BYTES
      ? [`a row of ${calls.rowBytes} bytes: less than ${MAX_ROW_BYTES} are allowed`]
      : []),
  ];
}

async function main(): Promise<void> {
  console.log(`${STREAMS} streams, ${PER_HOP} a hop, ${HOURS} simulated hours`);
  const problems = [...run(), ...(await price())];
  for (const problem of problems.slice(0, 10)) console.log(`Failed. ${problem}`);
  if (problems.length > 10) console.log(`Failed. ${problems.length - 10} more.`);
  if (problems.length > 0) process.exitCode = 1;
}

void main();
