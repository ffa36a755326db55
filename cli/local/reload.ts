import type { IngestionStack } from "./ingestion-stack";
import type { Reporter } from "./reporter";

/** Lambda's limit for loading the code. */
const LOAD_MS = 10_000;

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

  async function run(): Promise<void> {
    do {
      again = false;
      const startedAt = Date.now();
      reporter.updating();
      try {
        const changed = await stack.update();
        if (changed.length === 0 || ended) continue;
        onUpdated();
        // Code that cannot be loaded is reported by its function.
        if ((await stack.loaded(changed, LOAD_MS)) && !ended)
          reporter.updated(changed, (Date.now() - startedAt) / 1_000);
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
