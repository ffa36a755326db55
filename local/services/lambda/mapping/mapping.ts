import { crc32 } from "node:zlib";
import type { CloudEvent, DeliveredRecord } from "../../../cloud/cloud-event";
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
  /** Maximum number of batches at the same time. The records of one item are always in the same lane, in order. */
  readonly parallelBatches: number;
  /** A record must match one of them. Empty: every record. */
  readonly patterns: readonly Pattern[];
  readonly startingPosition: "TRIM_HORIZON" | "LATEST";
  readonly bisect: boolean;
  /** -1: until the records expire. */
  readonly maximumRetryAttempts: number;
  /** -1: the stream's retention of 24 hours. */
  readonly maximumRecordAgeSeconds: number;
  readonly reportsItemFailures: boolean;
  /** ARN of a bucket. */
  readonly failureBucketArn?: string;
  /** Whether it publishes the metrics of discarded events. */
  readonly countsEvents: boolean;
}

export interface MappingContext {
  readonly stream: ChangeStream;
  /** Start position, or the saved position after a restart. */
  readonly position: number;
  readonly savePosition: (position: number) => void;
  readonly invoke: (payload: string) => Promise<InvocationResult & { readonly requestId: string }>;
  /** Checks the function's role, with which a mapping reads. @param quietly reports denials only */
  readonly authorize: (permission: Permission, quietly?: boolean) => boolean;
  /** Writes a failure document to the bucket. */
  readonly putFailure: (bucketArn: string, key: string, body: string) => void;
  /** Records a value of one of the mapping's metrics in AWS/Lambda. */
  readonly count: (metric: string, value: number) => void;
  readonly faults: Faults;
  readonly emit: (event: CloudEvent) => void;
}

/** A running event source mapping. */
export interface Mapping {
  readonly position: number;
  /** Resolves when all records that the stream has now are delivered or discarded, or after `timeoutMs`. */
  drain(timeoutMs: number): Promise<void>;
  stop(): Promise<void>;
}

type Outcome =
  | { readonly kind: "done" }
  /** Throttled, or the function does not exist. Not an attempt. */
  | { readonly kind: "not-invoked" }
  /** `lowest`: index of the first reported record; absent: the invocation failed. */
  | { readonly kind: "failed"; readonly lowest?: number };

const READ_LIMIT = 10_000;
const MAX_BATCH_BYTES = 6 * 1024 * 1024;
const RETRY_WAIT_MS = 100;
const MAX_RETRY_WAIT_MS = 2_000;
const DENIED_WAIT_MS = 1_000;
const STREAM_RETENTION_SECONDS = 24 * 3600;

/** Reads the stream from `position`, as Lambda's poller does for one shard. Parallel batches are read together. */
export function runMapping(spec: MappingSpec, context: MappingContext): Mapping {
  const { stream, emit, faults } = context;
  const stopping = new AbortController();
  let position = Math.max(context.position, stream.horizon);
  /** Calls of `drain` that wait. Meanwhile no batching window is waited for. */
  let draining = 0;
  const onDrain = new Set<() => void>();
  const reader = stream.addReader(position);

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      if (!context.authorize({ action: "dynamodb:GetRecords", resource: stream.arn }, true)) {
        await pause(DENIED_WAIT_MS, stopping.signal);
        continue;
      }
      const { records, next } = await nextBatch();
      const delivered = await Promise.all(parallelBatches(records, spec).map(deliverAll));
      // Stopped before the end of a batch: all records are delivered again after a restart.
      if (delivered.includes(false)) return;
      position = next;
      context.savePosition(position);
      reader.moveTo(position);
    }
  }

  /** The matching records up to the batch size, or those of one batching window. */
  async function nextBatch(): Promise<{ records: StreamRecord[]; next: number }> {
    const records: StreamRecord[] = [];
    let next = position;
    let bytes = 0;
    let windowEnd: number | undefined;
    const batchSize = spec.batchSize * spec.parallelBatches;
    for (;;) {
      for (const record of stream.read(next, READ_LIMIT)) {
        const size = record.dynamodb.SizeBytes;
        if (records.length >= batchSize || (records.length > 0 && bytes + size > MAX_BATCH_BYTES)) {
          return { records, next };
        }
        next += 1;
        if (spec.patterns.length > 0 && !spec.patterns.some((pattern) => matchesPattern(pattern, record))) continue;
        records.push(record);
        bytes += size;
      }
      if (records.length > 0) windowEnd ??= Date.now() + spec.batchingWindowMs;
      const windowMs = windowEnd === undefined ? undefined : windowEnd - Date.now();
      const left = draining > 0 && windowMs !== undefined ? 0 : windowMs;
      if (stopping.signal.aborted || (next > position && records.length === 0)) return { records, next };
      if (records.length >= batchSize || (left !== undefined && left <= 0)) return { records, next };
      await appended(left);
    }
  }

  function appended(timeoutMs: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        off();
        onDrain.delete(done);
        stopping.signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = timeoutMs === undefined ? undefined : setTimeout(done, timeoutMs);
      const off = stream.onAppend(done);
      onDrain.add(done);
      stopping.signal.addEventListener("abort", done, { once: true });
    });
  }

  /** Delivers the batches in order. False: stopped before all records were delivered or discarded. */
  async function deliverAll(queue: Batch<StreamRecord>[]): Promise<boolean> {
    for (let batch = queue.shift(); batch !== undefined; batch = queue.shift()) {
      const current = withoutExpired(batch);
      if (current.records.length === 0) continue;
      const outcome = await deliver(current.records);
      if (outcome.kind === "done") continue;
      const { retries, discarded } =
        outcome.kind === "failed" ? afterFailure(current, outcome.lowest, spec) : { retries: [current] };
      if (discarded !== undefined) discard(discarded, "RetryAttemptsExhausted");
      queue.unshift(...retries);
      if (stopping.signal.aborted) return queue.length === 0;
      if (retries.length > 0)
        await pause(Math.min(MAX_RETRY_WAIT_MS, RETRY_WAIT_MS * 2 ** current.attempts), stopping.signal);
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
    if (result === undefined) return { kind: "not-invoked" };
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
      requestId: result.requestId,
      records: records.map(described),
      failed: reported ?? records.map((_, index) => index),
    });
    return reported?.length === 0 ? { kind: "done" } : { kind: "failed", lowest: reported?.[0] };
  }

  function withoutExpired(batch: Batch<StreamRecord>): Batch<StreamRecord> {
    const limit = spec.maximumRecordAgeSeconds < 0 ? STREAM_RETENTION_SECONDS : spec.maximumRecordAgeSeconds;
    const horizon = Date.now() / 1000 - limit;
    const expired = batch.records.filter(({ dynamodb }) => dynamodb.ApproximateCreationDateTime < horizon);
    if (expired.length > 0) discard({ ...batch, records: expired }, "RecordAgeExceeded");
    return { ...batch, records: batch.records.slice(expired.length) };
  }

  function discard(batch: Batch<StreamRecord>, condition: FailureCondition): void {
    const kept = keepFailure(batch, condition);
    const records = batch.records.map(described);
    emit({ kind: "discarded", at: Date.now(), functionName: spec.functionName, records, kept });
    if (spec.countsEvents)
      context.count(kept ? "OnFailureDestinationDeliveredEventCount" : "DroppedEventCount", batch.records.length);
  }

  function keepFailure({ records, attempts }: Batch<StreamRecord>, condition: FailureCondition): boolean {
    const { failureBucketArn } = spec;
    if (failureBucketArn === undefined) return false;
    const { key, body } = failureDocument(spec, stream.arn, { records, condition, attempts });
    if (!context.authorize({ action: "s3:PutObject", resource: `${failureBucketArn}/${key}` })) return false;
    if (!context.authorize({ action: "s3:ListBucket", resource: failureBucketArn })) return false;
    context.putFailure(failureBucketArn, key, body);
    return true;
  }

  const running = run();
  return {
    get position() {
      return position;
    },
    async drain(timeoutMs) {
      const end = Date.now() + timeoutMs;
      const target = stream.end;
      draining += 1;
      for (const wake of onDrain) wake();
      while (Date.now() < end && !stopping.signal.aborted && position < target) await pause(10, stopping.signal);
      draining -= 1;
    },
    async stop() {
      stopping.abort();
      await running;
      reader.remove();
    },
  };
}

function described({ eventName, dynamodb }: StreamRecord): DeliveredRecord {
  return { eventName, keys: plainKeys(dynamodb.Keys) };
}

/** One list of batches for each of the parallel ones. The changes of an item stay in one list, in order. */
function parallelBatches(
  records: readonly StreamRecord[],
  { parallelBatches, batchSize }: MappingSpec,
): Batch<StreamRecord>[][] {
  const lists = Array.from({ length: parallelBatches }, (): StreamRecord[] => []);
  for (const record of records) lists[crc32(JSON.stringify(record.dynamodb.Keys)) % parallelBatches]!.push(record);
  return lists.map((list) => {
    const batches: Batch<StreamRecord>[] = [];
    for (let from = 0; from < list.length; from += batchSize)
      batches.push({ records: list.slice(from, from + batchSize), attempts: 0 });
    return batches;
  });
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
