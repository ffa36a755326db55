/** Entry `pulumi-stream-ingestion/processor`. Keep it small: every user's bundle contains it. */
export { type FailedEvent, type Failure, type FailureReason, failureObjectKey, failurePrefix } from "./failure";
export { readFailureObject } from "./failure-object";
export { type BatchOptions, type EventOptions, eachBatch, eachEvent, type Processor } from "./handlers";
export type { BatchResponse, ItemFailure, LambdaContext, StreamBatch, StreamRecord } from "./lambda";
export type { ProcessorContext } from "./process-batch";
export { redriveBatch, redriveOversize } from "./redrive-record";
export type { StreamEvent } from "./stream-event";
export { type TestEvent, type TestOptions, type TestResult, testProcessor } from "./test-processor";
