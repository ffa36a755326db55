import { progressPrinter } from "../progress";
import { onStopSignal } from "../stop-signals";
import { EXIT, type Terminal } from "../terminal";
import type { FailureObject } from "./failure-store";
import { BATCH_OBJECTS, type RewriteOptions } from "./rewrite-objects";

/**
 * Runs work on objects. It prints the progress when it takes several batches, except with `--json`. A signal ends it after the running
 * batches, and a second one at once.
 */
export async function untilInterrupted(
  objects: readonly FailureObject[],
  terminal: Terminal,
  json: boolean,
  work: (options: Required<Pick<RewriteOptions, "signal" | "onProgress">>) => Promise<void>,
): Promise<void> {
  const interrupted = new AbortController();
  const removeHandlers = onStopSignal(() => {
    removeHandlers();
    interrupted.abort();
  });
  // The reader of a closed pipe wants to see nothing more.
  let closed = false;
  const onClosed = () => {
    closed = true;
  };
  process.stdout.once("error", onClosed);
  const print = json || objects.length <= BATCH_OBJECTS ? () => {} : terminal.err;
  const show = progressPrinter(objects.length, "objects", print);
  let done = 0;
  try {
    await work({
      signal: interrupted.signal,
      onProgress(objects) {
        done += objects;
        show(done);
      },
    });
  } finally {
    removeHandlers();
    process.stdout.off("error", onClosed);
  }
  if (done === objects.length || closed) return;
  terminal.err(`Interrupted: ${objects.length - done} of ${objects.length} objects are left. Run the command again.`);
  terminal.setExitCode(EXIT.failed);
}
