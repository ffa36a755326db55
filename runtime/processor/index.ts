/** `pulumi-stream-ingestion/processor`: what a processor is written with. Lean, since it is in every user's bundle. */
export { type FailedEvent, type Failure, type FailureReason, failureObjectKey, failurePrefix } from "./failure";
export { LAMBDA_FAILURE_PREFIX, readFailureObject } from "./failure-object";
export { type BatchOptions, type EventOptions, eachBatch, eachEvent, type Processor } from "./handlers";
export type { BatchResponse, ItemFailure, LambdaContext, StreamBatch, StreamRecord } from "./lambda";
export type { ProcessorContext } from "./process-batch";
export { redriveBatch, redriveOversize } from "./redrive-record";
export type { StreamEvent } from "./stream-event";
export { type TestEvent, type TestOptions, type TestResult, testProcessor } from "./test-processor";
