/** Some records in a row, and how often they were tried already. */
export interface Batch<T> {
  readonly records: readonly T[];
  readonly attempts: number;
}

export interface RetryRules {
  readonly bisect: boolean;
  /** -1 = until the records are too old. */
  readonly maximumRetryAttempts: number;
}

export interface NextSteps<T> {
  /** To be tried again, in order, before anything newer. */
  readonly again: readonly Batch<T>[];
  /** Out of attempts: goes to the failure destination. */
  readonly givenUp?: Batch<T>;
}

/**
 * What Lambda does after a batch failed. With a lowest failed record it starts again there: what is before it is done.
 * Without one, a bisecting mapping splits the batch; halves keep the attempts, since a split does not count as one.
 * @param lowest index of the first record that failed; absent = the invocation itself failed
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
 */
export function afterFailure<T>(batch: Batch<T>, lowest: number | undefined, rules: RetryRules): NextSteps<T> {
  const { records, attempts } = batch;
  if (lowest !== undefined && lowest > 0) return { again: [{ records: records.slice(lowest), attempts: 0 }] };
  if (lowest === undefined && rules.bisect && records.length > 1) {
    const middle = Math.ceil(records.length / 2);
    return { again: [records.slice(0, middle), records.slice(middle)].map((half) => ({ records: half, attempts })) };
  }
  const tried = { records, attempts: attempts + 1 };
  const exhausted = rules.maximumRetryAttempts >= 0 && attempts >= rules.maximumRetryAttempts;
  return exhausted ? { again: [], givenUp: tried } : { again: [tried] };
}

/**
 * Reads `{batchItemFailures: [{itemIdentifier}]}`, as strictly as Lambda: what is malformed, or names no record of the
 * batch, fails the whole batch.
 * @returns indices of the failed records; `undefined` = the whole batch
 */
export function reportedFailures(payload: string, sequenceNumbers: readonly string[]): readonly number[] | undefined {
  const answer = JSON.parse(payload) as { batchItemFailures?: { itemIdentifier?: unknown }[] | null } | null;
  const failures = answer?.batchItemFailures ?? [];
  if (!Array.isArray(failures)) return undefined;
  const indices = failures.map((failure) => sequenceNumbers.indexOf(String(failure?.itemIdentifier)));
  return indices.includes(-1) ? undefined : indices.sort((a, b) => a - b);
}
