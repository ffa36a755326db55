import type { AttributeJson } from "../data/item";

/** The parts of Lambda's payloads in use, so that users need no types package. */

/** One change of the event table. */
export interface StreamRecord {
  readonly eventID?: string;
  readonly eventName?: string;
  readonly eventSource?: string;
  readonly dynamodb?: {
    readonly SequenceNumber?: string;
    readonly Keys?: Readonly<Record<string, AttributeJson>>;
    readonly NewImage?: Readonly<Record<string, AttributeJson>>;
  };
}

/** The payload of an event source mapping on a DynamoDB stream. */
export interface StreamBatch {
  readonly Records: readonly StreamRecord[];
}

/**
 * The response under `ReportBatchItemFailures`: Lambda delivers all records again from the lowest reported sequence number
 * on. https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
 */
export interface BatchResponse {
  readonly batchItemFailures: readonly ItemFailure[];
}

export interface ItemFailure {
  /** The record's sequence number. */
  readonly itemIdentifier: string;
  /** Only in the response to a redrive. */
  readonly error?: { readonly code: string; readonly message: string };
}

/** The part of the Lambda context that a processor can use. */
export interface LambdaContext {
  readonly functionName: string;
  readonly invokedFunctionArn: string;
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}
