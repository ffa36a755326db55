import type { Clock, ConnectionView } from "pulumi-stream-ingestion/internal";
import type { Check } from "./check";
import { until, type Waiting } from "./until";

/** Longest hop: Lambda's limit for an invocation. */
const HOP_MS = 900_000;
const POLL_MS = 5_000;
/** Lambda ends a chain of self-invocations after about this many, unless the function's recursion setting is Allow. */
const LAMBDA_CHAIN = 16;

export const HOPS = "hops hand over at their end";
export const CHAIN = `the chain of hops continues after ${LAMBDA_CHAIN} invocations`;

/** The handovers that the run waited for without requesting them. */
export interface Hops {
  readonly expected: number;
  readonly seen: number;
  readonly seconds: number;
}

export interface HopsOptions {
  /** Number of handovers to wait for. */
  readonly expected: number;
  readonly waiting: Waiting;
  readonly onStep: (sentence: string) => void;
}

/** Waits for handovers that hops start at their end. Returns early when one does not happen. @throws CliError INTERRUPTED */
export async function followHops(
  read: () => Promise<ConnectionView>,
  clock: Clock,
  { expected, waiting, onStep }: HopsOptions,
): Promise<Hops> {
  const startedAt = clock.now();
  const { generation } = await read();
  let seen = 0;
  onStep(`waiting for ${expected} handovers at the end of a hop, each after up to 15 minutes`);
  while (seen < expected) {
    const view = await until(
      clock,
      { ...waiting, timeoutMs: HOP_MS + waiting.timeoutMs, pollMs: POLL_MS },
      async () => {
        const view = await read();
        const isNext = view.generation > generation + seen && view.live && view.status === "open";
        return isNext || view.status === "failed" || view.status === "completed" ? view : undefined;
      },
    );
    if (view === undefined || view.generation <= generation + seen) break;
    seen = view.generation - generation;
    onStep(`${seen} of ${expected} handovers at the end of a hop`);
  }
  return { expected, seen, seconds: Math.round((clock.now() - startedAt) / 1_000) };
}

export interface ChainOfHops {
  readonly hops: Hops | undefined;
  /** New generations since the first events, and how many of them the stream counts as handovers. */
  readonly generations: number;
  readonly handovers: number;
  /** Whether the deployment starts a new chain before Lambda ends one: `relay.recursion` is "none". */
  readonly newChains: boolean;
}

export function hopsChecks({ hops, generations, handovers, newChains }: ChainOfHops): Check[] {
  if (hops === undefined)
    return [
      { what: HOPS, result: "not checked", detail: "pass --hops 1, which takes up to 15 minutes" },
      { what: CHAIN, result: "not checked", detail: "pass --hops 17, which takes about four hours" },
    ];
  const { expected, seen, seconds } = hops;
  const withoutHandover = Math.max(0, generations - handovers);
  const holds = seen >= expected && withoutHandover === 0;
  const note = withoutHandover === 0 ? "" : `; ${withoutHandover} hops began without a handover`;
  const result = holds ? "passed" : "failed";
  const chain = (): Pick<Check, "result" | "detail"> => {
    if (newChains)
      return { result: "not checked", detail: "`relay.recursion` is none, so the watchdog starts new chains" };
    if (Math.max(expected, generations) <= LAMBDA_CHAIN)
      return { result: "not checked", detail: "pass --hops 17, which takes about four hours" };
    return { result, detail: `${generations + 1} invocations in one chain${note}` };
  };
  return [
    { what: HOPS, result, detail: `${seen} of ${expected} in ${seconds} s${note}` },
    { what: CHAIN, ...chain() },
  ];
}
