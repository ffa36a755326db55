import type { CloudEvent } from "../../../cloud/cloud-event";
import type { Faults } from "../../../cloud/faults";
import type { Permission } from "../../../cloud/protocol";
import type { ChangeStream, StreamRecord } from "../../dynamodb/change-stream";
import { plainKeys } from "../../dynamodb/tables";
import type { InvocationResult } from "../environment";
import { afterFailure, type Batch, reportedFailures } from "./batch-outcome";
import { matchesPattern, type Pattern } from "./event-pattern";
import { type FailureCondition, failureDocument } from "./failure-document";

export interface MappingSpec {
  readonly id: string;
  readonly functionName: string;
  readonly functionArn: string;
  readonly enabled: boolean;
  readonly batchSize: number;
  readonly batchingWindowMs: number;
  /** None = every record. A record passes when one of them matches. */
  readonly patterns: readonly Pattern[];
  readonly startingPosition: "TRIM_HORIZON" | "LATEST";
  readonly bisect: boolean;
  /** -1 = until the records are too old. */
  readonly maximumRetryAttempts: number;
  /** -1 = the stream's own 24 hours. */
  readonly maximumRecordAgeSeconds: number;
  readonly reportsItemFailures: boolean;
  /** ARN of a bucket. */
  readonly failureBucketArn?: string;
  /** Whether it reports how many events it gave up. */
  readonly countsEvents: boolean;
}

export interface MappingContext {
  readonly stream: ChangeStream;
  /** Where it begins, or goes on after a restart. */
  readonly position: number;
  readonly savePosition: (position: number) => void;
  readonly invoke: (payload: string) => Promise<InvocationResult>;
  /** Asks the role of the function, with which a mapping reads; `quietly`: does not report what is allowed. */
  readonly may: (permission: Permission, quietly?: boolean) => boolean;
  /** Writes a failure document to the bucket. */
  readonly putFailure: (bucketArn: string, key: string, body: string) => void;
  /** A value of one of the mapping's metrics in AWS/Lambda. */
  readonly count: (metric: string, value: number) => void;
  readonly faults: Faults;
  readonly emit: (event: CloudEvent) => void;
}

/** An event source mapping at work. */
export interface Mapping {
  readonly position: number;
  /** Resolves when everything that the stream holds is delivered or given up, or after `patienceMs`. */
  drain(patienceMs: number): Promise<void>;
  stop(): Promise<void>;
}

type Outcome =
  | { readonly kind: "done" }
  /** Throttled, or no such function now: it counts as no attempt. */
  | { readonly kind: "not-reached" }
  /** `lowest`: index of the first record that was reported; absent = the invocation failed. */
  | { readonly kind: "failed"; readonly lowest?: number };

const READ_LIMIT = 10_000;
const MAX_BATCH_BYTES = 6 * 1024 * 1024;
const RETRY_WAIT_MS = 100;
const MAX_RETRY_WAIT_MS = 2_000;
const DENIED_WAIT_MS = 1_000;
const STREAM_RETENTION_SECONDS = 24 * 3600;

/** Reads the stream from `position` on, one batch at a time, as Lambda's poller does for one shard. */
export function runMapping(spec: MappingSpec, context: MappingContext): Mapping {
  const { stream, emit, faults } = context;
  const stopping = new AbortController();
  let position = Math.max(context.position, stream.horizon);
  let idle = false;

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      if (!context.may({ action: "dynamodb:GetRecords", resource: stream.arn }, true)) {
        await pause(DENIED_WAIT_MS, stopping.signal);
        continue;
      }
      const { records, next } = await nextBatch();
      // Stopped in between: what is not settled is delivered again after a restart.
      if (!(await deliverAll({ records, attempts: 0 }))) return;
      position = next;
      context.savePosition(position);
      stream.trim(position);
    }
  }

  /** Matching records up to the batch size, or what the batching window brought. */
  async function nextBatch(): Promise<{ records: StreamRecord[]; next: number }> {
    const records: StreamRecord[] = [];
    let next = position;
    let bytes = 0;
    let windowEnd: number | undefined;
    for (;;) {
      for (const record of stream.read(next, READ_LIMIT)) {
        const size = record.dynamodb.SizeBytes;
        if (records.length >= spec.batchSize || (records.length > 0 && bytes + size > MAX_BATCH_BYTES)) {
          return { records, next };
        }
        next += 1;
        if (spec.patterns.length > 0 && !spec.patterns.some((pattern) => matchesPattern(pattern, record))) continue;
        records.push(record);
        bytes += size;
      }
      if (records.length > 0) windowEnd ??= Date.now() + spec.batchingWindowMs;
      const left = windowEnd === undefined ? undefined : windowEnd - Date.now();
      if (stopping.signal.aborted || (next > position && records.length === 0)) return { records, next };
      if (records.length >= spec.batchSize || (left !== undefined && left <= 0)) return { records, next };
      idle = records.length === 0;
      await appended(left);
      idle = false;
    }
  }

  function appended(patienceMs: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        off();
        stopping.signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = patienceMs === undefined ? undefined : setTimeout(done, patienceMs);
      const off = stream.onAppend(done);
      stopping.signal.addEventListener("abort", done, { once: true });
    });
  }

  /** False: stopped before all of it was delivered or given up. */
  async function deliverAll(first: Batch<StreamRecord>): Promise<boolean> {
    const queue: Batch<StreamRecord>[] = [first];
    for (let batch = queue.shift(); batch !== undefined; batch = queue.shift()) {
      const fresh = withoutExpired(batch);
      if (fresh.records.length === 0) continue;
      const outcome = await deliver(fresh.records);
      if (outcome.kind === "done") continue;
      const { again, givenUp } =
        outcome.kind === "failed" ? afterFailure(fresh, outcome.lowest, spec) : { again: [fresh] };
      if (givenUp !== undefined) giveUp(givenUp, "RetryAttemptsExhausted");
      queue.unshift(...again);
      if (stopping.signal.aborted) return queue.length === 0;
      if (again.length > 0)
        await pause(Math.min(MAX_RETRY_WAIT_MS, RETRY_WAIT_MS * 2 ** fresh.attempts), stopping.signal);
    }
    return true;
  }

  async function deliver(records: readonly StreamRecord[]) {
    const fault = faults.take({ action: "lambda:DeliverBatch", caller: "mapping", resource: spec.functionArn });
    if (fault?.kind === "delay") await pause(fault.ms, stopping.signal);
    const outcome = await invokeOnce(records);
    return fault?.kind === "repeat" && outcome.kind === "done" ? invokeOnce(records) : outcome;
  }

  async function invokeOnce(records: readonly StreamRecord[]): Promise<Outcome> {
    const result = await context.invoke(JSON.stringify({ Records: records })).catch(() => undefined);
    if (result === undefined) return { kind: "not-reached" };
    const reported =
      result.phase !== "end"
        ? undefined
        : spec.reportsItemFailures
          ? reportedFailures(
              result.payload,
              records.map(({ dynamodb }) => dynamodb.SequenceNumber),
            )
          : [];
    emit({
      kind: "delivered",
      at: Date.now(),
      functionName: spec.functionName,
      records: records.map(({ eventName, dynamodb }) => ({ eventName, keys: plainKeys(dynamodb.Keys) })),
      failed: reported ?? records.map((_, index) => index),
    });
    return reported?.length === 0 ? { kind: "done" } : { kind: "failed", lowest: reported?.[0] };
  }

  function withoutExpired(batch: Batch<StreamRecord>): Batch<StreamRecord> {
    const limit = spec.maximumRecordAgeSeconds < 0 ? STREAM_RETENTION_SECONDS : spec.maximumRecordAgeSeconds;
    const horizon = Date.now() / 1000 - limit;
    const expired = batch.records.filter(({ dynamodb }) => dynamodb.ApproximateCreationDateTime < horizon);
    if (expired.length > 0) giveUp({ ...batch, records: expired }, "RecordAgeExceeded");
    return { ...batch, records: batch.records.slice(expired.length) };
  }

  function giveUp(batch: Batch<StreamRecord>, condition: FailureCondition): void {
    const kept = keepFailure(batch, condition);
    if (spec.countsEvents)
      context.count(kept ? "OnFailureDestinationDeliveredEventCount" : "DroppedEventCount", batch.records.length);
  }

  function keepFailure({ records, attempts }: Batch<StreamRecord>, condition: FailureCondition): boolean {
    const { failureBucketArn } = spec;
    if (failureBucketArn === undefined) return false;
    const { key, body } = failureDocument(spec, stream.arn, { records, condition, attempts });
    if (!context.may({ action: "s3:PutObject", resource: `${failureBucketArn}/${key}` })) return false;
    if (!context.may({ action: "s3:ListBucket", resource: failureBucketArn })) return false;
    context.putFailure(failureBucketArn, key, body);
    return true;
  }

  const running = run();
  return {
    get position() {
      return position;
    },
    async drain(patienceMs) {
      const end = Date.now() + patienceMs;
      while (Date.now() < end && !(idle && position >= stream.end)) await pause(10, stopping.signal);
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    if (signal.aborted) done();
    else signal.addEventListener("abort", done, { once: true });
  });
}
