import type { StandardSchemaV1 } from "@standard-schema/spec";
import { StreamError } from "../support/errors";
import type { BatchResponse, LambdaContext, StreamBatch } from "./lambda";
import { lambdaPorts } from "./lambda-ports";
import { byStream } from "./order";
import type { ProcessorPorts } from "./ports";
import { type Plan, type ProcessorContext, processBatch } from "./process-batch";
import type { StreamEvent } from "./stream-event";

export interface BatchOptions<T = unknown> {
  /**
   * Any Standard Schema (zod, valibot, arktype …): `event.json()` returns its output, and an event that does not fit goes to
   * the failure bucket untried, with code VALIDATION_FAILED.
   */
  readonly schema?: StandardSchemaV1<unknown, T>;
  /**
   * How often a handler that throws is called again in place, after a short backoff, before the event goes to the failure
   * bucket: 0..10. An error that says `retryable: false` is not retried.
   * @default 2
   */
  readonly retries?: number;
}

export interface EventOptions<T = unknown> extends BatchOptions<T> {
  /**
   * How many streams of a batch are worked on at a time: 1..1000. The events of one stream never overlap.
   * @default 1
   */
  readonly concurrency?: number;
}

/** A Lambda handler for the event table's change stream: export it as `handler`. */
export interface Processor {
  (batch: StreamBatch, context: LambdaContext): Promise<BatchResponse>;
  /** The same with other surroundings; for `testProcessor`. */
  readonly [withPorts]: (batch: StreamBatch, context: LambdaContext, ports: ProcessorPorts) => Promise<BatchResponse>;
}

/** Registered, so that a test and the module it tests agree even where each has its own copy of this package. */
export const withPorts: unique symbol = Symbol.for("pulumi-stream-ingestion/processor/with-ports");

/**
 * Calls `handler` for each new event: the events of one stream in sequence within a batch, streams `concurrency` at a time.
 * An event whose handler keeps throwing goes to the failure bucket, and its neighbours are not disturbed. Crashes and
 * redelivery repeat events, so what a handler does must bear being done twice: `event.key` is the idempotency key.
 *
 * @example
 * export const handler = eachEvent<Price>(async (event) => save(event.key, event.json()));
 */
export function eachEvent<T = unknown>(
  handler: (event: StreamEvent<T>, context: ProcessorContext) => unknown,
  options: EventOptions<T> = {},
): Processor {
  return processor({
    lanes: (arrived) => byStream(arrived).map((events) => events.map((event) => [event])),
    handle: ([event], context) => handler(event!, context),
    schema: options.schema,
    retries: inRange("retries", options.retries ?? 2, 0, 10),
    concurrency: inRange("concurrency", options.concurrency ?? 1, 1, 1000),
  });
}

/**
 * Calls `handler` with all new events of a batch, each stream's in sequence. When it keeps throwing, the batch is halved until
 * the bad event is alone and goes to the failure bucket: the others are handled again meanwhile, so the handler must be idempotent.
 *
 * @example
 * export const handler = eachBatch<Price>(async (events) => bulkInsert(events.map((event) => event.json())));
 */
export function eachBatch<T = unknown>(
  handler: (events: readonly StreamEvent<T>[], context: ProcessorContext) => unknown,
  options: BatchOptions<T> = {},
): Processor {
  return processor({
    lanes: (arrived) => (arrived.length === 0 ? [] : [[byStream(arrived).flat()]]),
    handle: handler,
    schema: options.schema,
    retries: inRange("retries", options.retries ?? 2, 0, 10),
    concurrency: 1,
  });
}

function processor<T>(plan: Plan<T>): Processor {
  const run: Processor[typeof withPorts] = (batch, context, ports) => processBatch(batch, context, plan, ports);
  return Object.assign((batch: StreamBatch, context: LambdaContext) => run(batch, context, lambdaPorts()), {
    [withPorts]: run,
  });
}

function inRange(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new StreamError(
    "CONFIG_INVALID",
    `Expected option \`${name}\` to be an integer ${least}..${most}, got ${value}`,
  );
}
