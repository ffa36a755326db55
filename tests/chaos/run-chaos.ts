import type { ChaosStack } from "./chaos-stack";
import { type Episode, playEpisode } from "./episode";
import type { ChaosFault } from "./scene";

/** Mulberry32: the same seed, the same numbers, everywhere. */
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
  /** Streams that are played with side by side. */
  readonly lanes: number;
  /** No episode begins after this time; those that run come to their end. */
  readonly endsAt: number;
  /** How many episodes, if that is fewer. */
  readonly episodes?: number;
}

/** Share of episodes in which two faults happen at once. */
const PAIRS = 0.3;

/**
 * Plays episodes: first every fault once in an order that the seed gives, then single faults and pairs by chance. The n-th
 * episode is the same at every run with a seed, whatever the machine's speed.
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
      onEpisode(await playEpisode(chaos, streamId, faults, seeded(plan.seed + n)));
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
