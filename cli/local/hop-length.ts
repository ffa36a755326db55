import { availableParallelism, loadavg } from "node:os";

/** Short hops show several handovers in half a minute. */
const SHORT_SECONDS = 5;
/** The times of the protocol are shares of a hop. On a busy machine, a share of 5 s is too short for a process to start. */
const BUSY_SECONDS = 15;
/** Programs that want to run, per core. */
const BUSY_LOAD = 2;

export interface HopLength {
  readonly seconds: number;
  /** A message for the user, if the machine is busy. */
  readonly note?: string;
}

/** The length of hops on the sample stream, by the load of the last minute. */
export function sampleHopLength(load = loadavg()[0]!, cores = availableParallelism()): HopLength {
  if (load <= BUSY_LOAD * cores) return { seconds: SHORT_SECONDS };
  const note = `This machine is busy (load ${load.toFixed(1)} on ${cores} cores): hops last ${BUSY_SECONDS} s instead of ${SHORT_SECONDS} s.`;
  return { seconds: BUSY_SECONDS, note };
}
