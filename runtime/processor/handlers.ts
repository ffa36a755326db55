import type { StandardSchemaV1 } from "@standard-schema/spec";
import { StreamError } from "../support/errors";
import type { BatchResponse, LambdaContext, StreamBatch } from "./lambda";
import { lambdaPorts } from "./lambda-ports";
import type { PendingEvent } from "./load";
import { byStream } from "./order";
import type { ProcessorPorts } from "./ports";
import { type Plan, type ProcessorContext, processBatch } from "./process-batch";
import type { StreamEvent } from "./stream-event";

export interface BatchOptions<T = unknown> {
  /**
   * Any Standard Schema (zod, valibot, arktype): `event.json()` returns its output. An event that does not match is stored in
   * the failure bucket with code VALIDATION_FAILED, without a call of the handler.
   */
  readonly schema?: StandardSchemaV1<unknown, T>;
  /**
   * Number of retries after the handler throws, each after a short backoff, before the event is stored in the failure
   * bucket: 0..10. An error with `retryable: false` is not retried.
   * @default 2
   */
  readonly retries?: number;
}

/** Options of {@link eachBatch}. */
export interface EachBatchOptions<T = unknown> extends BatchOptions<T> {
  /**
   * Maximum number of events in one call: 1..100000. A larger batch is handled in several calls, one after another.
   * @default all events of the batch
   */
  readonly maxEvents?: number;
}

export interface EventOptions<T = unknown> extends BatchOptions<T> {
  /**
   * Number of streams of a batch that are processed at the same time, or of events with `ordered: false`: 1..1000.
   * @default 1
   */
  readonly concurrency?: number;
  /**
   * Whether the events of one stream are processed one at a time, in order. Set it to false for a handler that does not need the
   * order, so that `concurrency` also applies within a stream.
   * @default true
   */
  readonly ordered?: boolean;
}

/** A Lambda handler for the event table's stream. Export it as `handler`. */
export interface Processor {
  (batch: StreamBatch, context: LambdaContext): Promise<BatchResponse>;
  /** Runs with other ports; for `testProcessor`. */
  readonly [withPorts]: (batch: StreamBatch, context: LambdaContext, ports: ProcessorPorts) => Promise<BatchResponse>;
}

/** A registered symbol, so that a test and the tested module can use different copies of this package. */
export const withPorts: unique symbol = Symbol.for("pulumi-stream-ingestion/processor/with-ports");

/**
 * Calls `handler` for each new event. Within a batch, the events of one stream are processed in sequence (unless `ordered` is
 * false), and `concurrency` streams at a time. When the handler still throws after all retries, the event is stored in the failure bucket; the other
 * events are not affected. Lambda can deliver an event more than once, so the handler must be idempotent: use `event.key`.
 *
 * @example
 * export const handler = eachEvent<Price>(async (event) => save(event.key, event.json()));
 */
export function eachEvent<T = unknown>(
  handler: (event: StreamEvent<T>, context: ProcessorContext) => unknown,
  options: EventOptions<T> = {},
): Processor {
  const { ordered = true } = options;
  return processor({
    lanes: (pending) =>
      ordered ? byStream(pending).map((events) => events.map((event) => [event])) : pending.map((event) => [[event]]),
    handle: ([event], context) => handler(event!, context),
    schema: options.schema,
    retries: inRange("retries", options.retries ?? 2, 0, 10),
    concurrency: inRange("concurrency", options.concurrency ?? 1, 1, 1000),
  });
}

/**
 * Calls `handler` with all new events of a batch, each stream's events in sequence. When the handler still throws after all
 * retries, the batch is halved until the failing event is alone and is stored in the failure bucket. The other events are
 * handled again in the halves, so the handler must be idempotent: use `event.key`.
 *
 * @example
 * export const handler = eachBatch<Price>(async (events) => bulkInsert(events.map((event) => event.json())));
 */
export function eachBatch<T = unknown>(
  handler: (events: readonly StreamEvent<T>[], context: ProcessorContext) => unknown,
  options: EachBatchOptions<T> = {},
): Processor {
  const { maxEvents } = options;
  if (maxEvents !== undefined) inRange("maxEvents", maxEvents, 1, 100_000);
  return processor({
    lanes: (pending, limit) => [inUnits(byStream(pending).flat(), Math.min(limit, maxEvents ?? limit))],
    handle: handler,
    schema: options.schema,
    retries: inRange("retries", options.retries ?? 2, 0, 10),
    concurrency: 1,
  });
}

function processor<T>(plan: Plan<T>): Processor {
  const run: Processor[typeof withPorts] = (batch, context, ports) => processBatch(batch, context, plan, ports);
  const handler = (batch: StreamBatch, context: LambdaContext) => {
    const ports = lambdaPorts();
    return run(batch, context, ports).finally(ports.bucket.close);
  };
  return Object.assign(handler, { [withPorts]: run });
}

/** Splits events into units of at most `maxEvents`. */
function inUnits(events: readonly PendingEvent[], maxEvents: number): PendingEvent[][] {
  const units: PendingEvent[][] = [];
  for (let start = 0; start < events.length; start += units.at(-1)!.length)
    units.push(events.slice(start, start + maxEvents));
  return units;
}

function inRange(name: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new StreamError("CONFIG_INVALID", `Expected option \`${name}\` to be an integer ${min}..${max}, got ${value}.`);
}
