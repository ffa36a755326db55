import type { IngestionStack } from "./ingestion-stack";
import type { Reporter } from "./reporter";

/** Lambda's limit for loading the code. */
const LOAD_MS = 10_000;
const SLOW_TEXT = "The new code has not loaded after 10 s. Until it has, what ran before still runs.";

/** Applies edits of the program and of its processors. Returns a function that ends it. */
export function reloadOnChange(
  stack: Pick<IngestionStack, "update" | "watch" | "loaded">,
  reporter: Pick<Reporter, "note" | "updating" | "updated">,
  onUpdated: () => void,
): () => Promise<void> {
  let ended = false;
  let running: Promise<void> | undefined;
  /** An edit during an update: it may have been read half. */
  let again = false;

  /** The next edit does not wait for code that takes long to load: it may correct it, which ends this load. */
  async function reportLoaded(changed: readonly string[], startedAt: number): Promise<void> {
    const slow = setTimeout(() => {
      if (!ended) reporter.note(SLOW_TEXT);
    }, LOAD_MS).unref();
    // Code that cannot be loaded is reported by its function.
    const loaded = await stack.loaded(changed).finally(() => clearTimeout(slow));
    if (loaded && !ended) reporter.updated(changed, (Date.now() - startedAt) / 1_000);
  }

  async function run(): Promise<void> {
    do {
      again = false;
      const startedAt = Date.now();
      reporter.updating();
      try {
        const changed = await stack.update();
        if (changed.length === 0 || ended) continue;
        onUpdated();
        void reportLoaded(changed, startedAt);
      } catch (error) {
        if (!ended)
          reporter.note(`The edit is not applied, and what ran before still runs: ${(error as Error).message}`);
      }
    } while (again && !ended);
  }

  const end = stack.watch(() => {
    again = true;
    running ??= run().finally(() => {
      running = undefined;
    });
  });
  return async () => {
    ended = true;
    end();
    await running;
  };
}
