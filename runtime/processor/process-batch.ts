import type { StandardSchemaV1 } from "@standard-schema/spec";
import { METRIC } from "../contract";
import { StreamError } from "../support/errors";
import { attempt } from "./attempts";
import { startDeadline } from "./deadline";
import { type FailureReason, failureReason } from "./failure";
import type { BatchResponse, ItemFailure, LambdaContext, StreamBatch } from "./lambda";
import { type Arrival, arrivals, loadEvent, typedEvent } from "./load";
import type { ProcessorPorts } from "./ports";
import { isRedrive } from "./redrive-record";
import { storeFailure } from "./store-failure";
import type { EventParts, StreamEvent } from "./stream-event";

/** What a handler is told beside its events. */
export interface ProcessorContext {
  /** Aborts a little before the function's timeout: pass it to what can wait, and come to an end. */
  readonly signal: AbortSignal;
  /** 1 for the first try. */
  readonly attempt: number;
  /** Lambda's own context. */
  readonly lambda: LambdaContext;
}

/** How a batch is to be processed. */
export interface Plan<T> {
  /** What runs side by side: lanes of units; a unit's events go to `handle` in one call, a lane's units one after the other. */
  readonly lanes: (arrived: readonly Arrival[]) => Arrival[][][];
  readonly handle: (events: readonly StreamEvent<T>[], context: ProcessorContext) => unknown;
  readonly schema?: StandardSchemaV1<unknown, T>;
  readonly retries: number;
  readonly concurrency: number;
}

interface Loaded<T> {
  readonly arrival: Arrival;
  readonly parts: EventParts;
  readonly event: StreamEvent<T>;
}

/**
 * Runs one batch and says which records are to be delivered again: those that were not started, could not be parked, or
 * were interrupted by the end of the invocation before they had half of its time (so they come back with all of it).
 * Every other event was handled, or is in the failure bucket with its payload.
 */
export async function processBatch<T>(
  batch: StreamBatch,
  lambda: LambdaContext,
  plan: Plan<T>,
  ports: ProcessorPorts,
): Promise<BatchResponse> {
  const { bucket, clock, logger, metrics } = ports;
  const arrived = arrivals(batch.Records);
  const deadline = startDeadline(lambda.getRemainingTimeInMillis(), clock);
  const again: ItemFailure[] = [];
  let processed = 0;
  let failures = 0;
  let lagMs = 0;

  const leave = (left: readonly Arrival[], error?: FailureReason) => {
    for (const { record } of left) again.push({ itemIdentifier: record.dynamodb?.SequenceNumber ?? "", error });
  };

  const fail = async (arrival: Arrival, parts: EventParts | undefined, thrown: unknown, attempts: number) => {
    failures++;
    const error = failureReason(thrown);
    const { streamId, key } = arrival;
    // Whoever redrives keeps the failure object himself, and wants to know.
    const parked = !isRedrive(arrival.record) && (await storeFailure(arrival, parts, error, attempts, ports));
    logger.log("error", parked ? "Event failed and went to the failure bucket" : "Event failed", {
      streamId,
      key,
      attempts,
      error,
    });
    if (!parked) leave([arrival], error);
  };

  const load = async (unit: readonly Arrival[]): Promise<Loaded<T>[]> => {
    const loaded: Loaded<T>[] = [];
    for (const arrival of unit) {
      let parts: EventParts | undefined;
      const outcome = await attempt(
        async () => {
          parts ??= await loadEvent(arrival, bucket, deadline.signal);
          return typedEvent(parts, plan.schema);
        },
        plan.retries,
        deadline,
        ports,
      );
      if (outcome.ok) loaded.push({ arrival, parts: parts!, event: outcome.value });
      else if (outcome.interrupted) leave([arrival]);
      else await fail(arrival, parts, outcome.error, outcome.attempts);
    }
    return loaded;
  };

  const handle = async (unit: readonly Loaded<T>[], startedAt: number, retries: number): Promise<void> => {
    if (unit.length === 0) return;
    const left = () => leave(unit.map(({ arrival }) => arrival));
    if (deadline.signal.aborted) return left();
    const events = unit.map(({ event }) => event);
    const outcome = await attempt(
      async (tries) => plan.handle(events, { signal: deadline.signal, attempt: tries, lambda }),
      retries,
      deadline,
      ports,
    );
    if (outcome.ok) {
      processed += unit.length;
      for (const { receivedAt } of events) lagMs = Math.max(lagMs, clock.now() - receivedAt);
      return;
    }
    const hadItsTime = clock.now() - startedAt >= deadline.usableMs / 2;
    if (outcome.interrupted && (unit.length > 1 || !hadItsTime)) return left();
    const [first] = unit;
    if (unit.length === 1 && first) return fail(first.arrival, first.parts, outcome.error, outcome.attempts);
    // Halve until the bad event is alone. The whole was tried often enough: only single events are retried below it.
    const middle = unit.length >> 1;
    for (const half of [unit.slice(0, middle), unit.slice(middle)])
      await handle(half, clock.now(), half.length === 1 ? plan.retries : 0);
  };

  const run = async (unit: readonly Arrival[]) => {
    if (deadline.signal.aborted) return leave(unit);
    const startedAt = clock.now();
    await handle(await load(unit), startedAt, plan.retries);
  };

  try {
    const lanes = plan.lanes(arrived).values();
    const worker = async () => {
      for (const lane of lanes) for (const unit of lane) await run(unit);
    };
    await Promise.all(Array.from({ length: plan.concurrency }, worker));
  } finally {
    deadline.clear();
  }

  if (arrived.length > 0)
    metrics({
      [METRIC.processed]: processed,
      [METRIC.processorFailures]: failures,
      ...(processed > 0 ? { [METRIC.processorLagMs]: lagMs } : {}),
    });
  if (again.length > 0) logger.log("warn", "Records are to be delivered again", { records: again.length });
  // Nothing was settled: only an error makes Lambda halve the batch, an answer that names its first record does not.
  if (again.length > 1 && again.length === arrived.length && !arrived.some(({ record }) => isRedrive(record)))
    throw new StreamError("PROCESSOR_TIMEOUT", `None of ${again.length} events was settled in the invocation's time`);
  return { batchItemFailures: again };
}
