import type { StandardSchemaV1 } from "@standard-schema/spec";
import { PROCESSED, PROCESSOR_FAILURES, PROCESSOR_LAG_MS } from "../contract";
import { StreamError } from "../support/errors";
import { attempt } from "./attempts";
import { startDeadline } from "./deadline";
import { type FailureReason, failureReason } from "./failure";
import type { BatchResponse, ItemFailure, LambdaContext, StreamBatch, StreamRecord } from "./lambda";
import { loadEvent, loadedEvent, type PendingEvent, pendingEvents, typedEvent } from "./load";
import { readProgress, storeProgress, withoutDone } from "./pack-progress";
import type { ProcessorPorts } from "./ports";
import { isRedrive } from "./redrive-record";
import { storeFailure } from "./store-failure";
import { type EventParts, type StreamEvent, streamEvent } from "./stream-event";

/** Second parameter of a handler. */
export interface ProcessorContext {
  /** Aborts shortly before the function's timeout. Pass it to requests and waits, and stop when it aborts. */
  readonly signal: AbortSignal;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** Lambda's own context. */
  readonly lambda: LambdaContext;
}

/** How a batch is processed. */
export interface Plan<T> {
  /** Lanes run concurrently. A lane is a list of units, run one after another; `handle` is called once per unit. */
  readonly lanes: (pending: readonly PendingEvent[], maxEvents: number) => PendingEvent[][][];
  readonly handle: (events: readonly StreamEvent<T>[], context: ProcessorContext) => unknown;
  readonly schema?: StandardSchemaV1<unknown, T>;
  readonly retries: number;
  readonly concurrency: number;
}

interface Loaded<T> {
  readonly pendingEvent: PendingEvent;
  readonly parts: EventParts;
  readonly event: StreamEvent<T>;
}

/**
 * Processes one batch and returns the records that Lambda must deliver again: those that were not started, whose failure could
 * not be stored, or that were interrupted before they had half of the invocation's time. Every other event was handled, or is in
 * the failure bucket with its payload.
 */
export async function processBatch<T>(
  batch: StreamBatch,
  lambda: LambdaContext,
  plan: Plan<T>,
  ports: ProcessorPorts,
): Promise<BatchResponse> {
  const { bucket, clock, logger, metrics } = ports;
  const deadline = startDeadline(lambda.getRemainingTimeInMillis(), clock);
  const isRedriven = batch.Records.some(isRedrive);
  const all = pendingEvents(batch.Records);
  const progress = isRedriven ? undefined : await readProgress(batch.Records, ports);
  const pending = withoutDone(all, progress);
  /** Events that Lambda must deliver again, with the error of a redrive. */
  const left = new Map<PendingEvent, FailureReason | undefined>();
  /** Length of the longest call that the deadline interrupted. */
  let interruptedEvents = 0;
  let processed = 0;
  let failures = 0;
  let lagMs = 0;

  const redeliver = (unit: readonly PendingEvent[], error?: FailureReason) => {
    for (const one of unit) left.set(one, error);
  };

  const fail = async (pendingEvent: PendingEvent, parts: EventParts | undefined, thrown: unknown, attempts: number) => {
    failures++;
    const error = failureReason(thrown);
    const { streamId, key } = pendingEvent;
    // The caller of a redrive keeps the failure object and needs the error.
    const stored = !isRedrive(pendingEvent.record) && (await storeFailure(pendingEvent, parts, error, attempts, ports));
    logger.log("error", stored ? "Event failed and was stored in the failure bucket" : "Event failed", {
      streamId,
      key,
      attempts,
      error,
    });
    if (!stored) redeliver([pendingEvent], error);
  };

  const load = async (unit: readonly PendingEvent[]): Promise<Loaded<T>[]> => {
    const loaded: Loaded<T>[] = [];
    for (const pendingEvent of unit) {
      let parts = loadedEvent(pendingEvent);
      // Without a wait: a batch of packs has thousands of events.
      if (parts !== undefined && plan.schema === undefined) {
        loaded.push({ pendingEvent, parts, event: streamEvent<T>(parts) });
        continue;
      }
      const outcome = await attempt(
        async () => {
          parts ??= await loadEvent(pendingEvent, bucket, deadline.signal);
          return typedEvent(parts, plan.schema);
        },
        plan.retries,
        deadline,
        ports,
      );
      if (outcome.ok) loaded.push({ pendingEvent, parts: parts!, event: outcome.value });
      else if (outcome.interrupted) redeliver([pendingEvent]);
      else await fail(pendingEvent, parts, outcome.error, outcome.attempts);
    }
    return loaded;
  };

  const handle = async (unit: readonly Loaded<T>[], startedAt: number, retries: number): Promise<void> => {
    if (unit.length === 0) return;
    const redeliverUnit = () => redeliver(unit.map(({ pendingEvent }) => pendingEvent));
    if (deadline.isOver()) return redeliverUnit();
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
    const hadHalfTheTime = clock.now() - startedAt >= deadline.usableMs / 2;
    if (outcome.interrupted && (unit.length > 1 || !hadHalfTheTime)) {
      interruptedEvents = Math.max(interruptedEvents, unit.length);
      return redeliverUnit();
    }
    const [first] = unit;
    if (unit.length === 1 && first) return fail(first.pendingEvent, first.parts, outcome.error, outcome.attempts);
    // Halve until the failing event is alone. The full batch used its retries, so only single events are retried here.
    const middle = unit.length >> 1;
    for (const half of [unit.slice(0, middle), unit.slice(middle)])
      await handle(half, clock.now(), half.length === 1 ? plan.retries : 0);
  };

  const run = async (unit: readonly PendingEvent[]) => {
    if (deadline.isOver()) return redeliver(unit);
    const startedAt = clock.now();
    await handle(await load(unit), startedAt, plan.retries);
  };

  try {
    const lanes = plan.lanes(pending, progress?.maxEvents ?? Number.POSITIVE_INFINITY).values();
    const worker = async () => {
      for (const lane of lanes) for (const unit of lane) await run(unit);
    };
    await Promise.all(Array.from({ length: plan.concurrency }, worker));
  } finally {
    deadline.clear();
  }

  if (pending.length > 0)
    metrics({
      [PROCESSED]: processed,
      [PROCESSOR_FAILURES]: failures,
      ...(processed > 0 ? { [PROCESSOR_LAG_MS]: lagMs } : {}),
    });
  if (left.size === 0) return { batchItemFailures: [] };
  const itemFailures = itemFailuresOf(left);
  logger.log("warn", "Lambda will deliver records again", { records: itemFailures.length, events: left.size });
  if (isRedriven) return { batchItemFailures: itemFailures };
  const maxEvents = interruptedEvents > 1 ? Math.ceil(interruptedEvents / 2) : progress?.maxEvents;
  await storeProgress(batch.Records, all, new Set(left.keys()), maxEvents, ports);
  // No event was settled. Lambda halves the batch only after an error, not after a response with item failures.
  if (itemFailures.length > 1 && left.size === all.length)
    throw new StreamError(
      "PROCESSOR_TIMEOUT",
      `None of the ${left.size} events of the batch finished before the function's timeout. Increase \`processor.timeoutSeconds\` or reduce \`processor.batchSize\`.`,
    );
  return { batchItemFailures: itemFailures };
}

/** One failure for each record, in the order of its first event. */
function itemFailuresOf(left: ReadonlyMap<PendingEvent, FailureReason | undefined>): ItemFailure[] {
  const failures = new Map<StreamRecord, ItemFailure>();
  for (const [{ record }, error] of left)
    if (!failures.has(record))
      failures.set(record, {
        itemIdentifier: record.dynamodb?.SequenceNumber ?? "",
        // For the caller of a redrive. Lambda documents no other member.
        ...(error && isRedrive(record) && { error }),
      });
  return [...failures.values()];
}
