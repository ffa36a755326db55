/** Entry `pulumi-stream-ingestion/processor`. Keep it small: every user's bundle contains it. */
export type { FailedEvent, Failure, FailureReason } from "./failure";
export {
  type BatchOptions,
  type EachBatchOptions,
  type EventOptions,
  eachBatch,
  eachEvent,
  type Processor,
} from "./handlers";
export type { BatchResponse, ItemFailure, LambdaContext, StreamBatch, StreamRecord } from "./lambda";
export type { ProcessorContext } from "./process-batch";
export type { StreamEvent } from "./stream-event";
