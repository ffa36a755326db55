/** `pulumi-stream-ingestion/processor`: what a processor is written with. Lean, since it is in every user's bundle. */
export type { FailedEvent, Failure, FailureReason } from "./failure";
export { type BatchOptions, type EventOptions, eachBatch, eachEvent, type Processor } from "./handlers";
export type { BatchResponse, LambdaContext, StreamBatch, StreamRecord } from "./lambda";
export type { ProcessorContext } from "./process-batch";
export type { StreamEvent } from "./stream-event";
export { type TestEvent, type TestOptions, type TestResult, testProcessor } from "./test-processor";
