import type { StackEvent } from "./stack-event";

export interface ProcessorLoading {
  add(event: StackEvent): void;
  /** Instances whose processor failed to load each time, with the last error. */
  neverLoaded(): ReadonlyMap<string, string>;
}

/**
 * Remembers whether the processors of a run could be loaded.
 *
 * @param processors - names of their functions; more can be added later
 */
export function processorLoading(processors: ReadonlySet<string>): ProcessorLoading {
  const loaded = new Set<string>();
  const failed = new Map<string, string>();
  return {
    add(event) {
      if (event.kind !== "initialised" && event.kind !== "init-failed") return;
      if (!processors.has(event.functionName)) return;
      const instance = event.instance ?? event.functionName;
      if (event.kind === "initialised") {
        loaded.add(instance);
        failed.delete(instance);
      } else if (!loaded.has(instance)) failed.set(instance, `${event.error.errorType}: ${event.error.errorMessage}`);
    },
    neverLoaded: () => failed,
  };
}
