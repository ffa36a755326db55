import type { ChaosStack } from "./chaos-stack";
import { type Episode, runEpisode } from "./episode";
import type { ChaosFault } from "./scene";

/** Mulberry32: returns the same numbers for the same seed on every machine. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface ChaosPlan {
  readonly seed: number;
  readonly faults: readonly ChaosFault[];
  /** Number of parallel streams. */
  readonly lanes: number;
  /** No episode starts after this time. Running ones finish. */
  readonly endsAt: number;
  /** Maximum number of episodes. */
  readonly episodes?: number;
}

/** Share of episodes with two faults. */
const PAIRS = 0.3;

/**
 * Runs episodes: first every fault once in random order, then random faults and pairs. The n-th episode depends only on the
 * seed, not on the machine's speed.
 */
export async function runChaos(chaos: ChaosStack, plan: ChaosPlan, onEpisode: (episode: Episode) => void) {
  const pick = picks(plan);
  const limit = plan.episodes ?? Number.POSITIVE_INFINITY;
  let next = 0;
  const lane = async () => {
    while (next < limit && Date.now() < plan.endsAt) {
      const n = next++;
      const faults = pick(n);
      const streamId = `${n}.${faults.map(({ name }) => name).join(".")}`;
      onEpisode(await runEpisode(chaos, streamId, faults, seeded(plan.seed + n)));
    }
  };
  await Promise.all(Array.from({ length: plan.lanes }, lane));
}

/** The faults of the n-th episode. Called with 0, 1, 2 … */
function picks({ seed, faults }: ChaosPlan): (n: number) => readonly ChaosFault[] {
  const random = seeded(seed);
  const any = () => faults[Math.floor(random() * faults.length)]!;
  const order = faults
    .map((fault) => ({ fault, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ fault }) => fault);
  return (n) => {
    if (n < order.length) return [order[n]!];
    const first = any();
    const second = random() < PAIRS ? any() : first;
    return first === second ? [first] : [first, second];
  };
}
