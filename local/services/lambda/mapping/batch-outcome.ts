/** Consecutive records, and the number of their previous attempts. */
export interface Batch<T> {
  readonly records: readonly T[];
  readonly attempts: number;
}

export interface RetryRules {
  readonly bisect: boolean;
  /** -1: until the records expire. */
  readonly maximumRetryAttempts: number;
}

export interface FailureOutcome<T> {
  /** Batches to retry, in this order, before newer records. */
  readonly retries: readonly Batch<T>[];
  /** Out of attempts: goes to the failure destination. */
  readonly discarded?: Batch<T>;
}

/**
 * What Lambda does after a failed batch. With a lowest failed record it retries from there; the records before it are done.
 * Without one, a bisecting mapping splits the batch. A split does not count as an attempt.
 * @param lowest index of the first record that failed; absent: the invocation failed
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
 */
export function afterFailure<T>(batch: Batch<T>, lowest: number | undefined, rules: RetryRules): FailureOutcome<T> {
  const { records, attempts } = batch;
  if (lowest !== undefined && lowest > 0) return { retries: [{ records: records.slice(lowest), attempts: 0 }] };
  if (lowest === undefined && rules.bisect && records.length > 1) {
    const middle = Math.ceil(records.length / 2);
    return { retries: [records.slice(0, middle), records.slice(middle)].map((half) => ({ records: half, attempts })) };
  }
  const tried = { records, attempts: attempts + 1 };
  const exhausted = rules.maximumRetryAttempts >= 0 && attempts >= rules.maximumRetryAttempts;
  return exhausted ? { retries: [], discarded: tried } : { retries: [tried] };
}

/**
 * Parses `{batchItemFailures: [{itemIdentifier}]}`. As in Lambda, a malformed response or an unknown identifier fails the
 * whole batch.
 * @returns indices of the failed records; `undefined`: the whole batch
 */
export function reportedFailures(payload: string, sequenceNumbers: readonly string[]): readonly number[] | undefined {
  const answer = JSON.parse(payload) as { batchItemFailures?: { itemIdentifier?: unknown }[] | null } | null;
  const failures = answer?.batchItemFailures ?? [];
  if (!Array.isArray(failures)) return undefined;
  const indices = failures.map((failure) => sequenceNumbers.indexOf(String(failure?.itemIdentifier)));
  return indices.includes(-1) ? undefined : indices.sort((a, b) => a - b);
}
