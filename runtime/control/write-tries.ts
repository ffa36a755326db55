import { StreamError } from "../support/errors";

/** How often a use-case reads and decides again when another writer came between. */
export const WRITE_TRIES = 5;

export function tooManyConflicts(what: string, streamId: string): StreamError {
  return new StreamError(
    "STORE_UNAVAILABLE",
    `Could not ${what} stream ${streamId}: its row changed under each of ${WRITE_TRIES} tries. Try again.`,
    { retryable: true },
  );
}
