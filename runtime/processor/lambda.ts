import type { AttributeJson } from "../data/item";

/** The shapes Lambda hands over and takes back, as far as they are used: no types package is asked of the user. */

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

/** What a mapping of a table's stream invokes a function with. */
export interface StreamBatch {
  readonly Records: readonly StreamRecord[];
}

/**
 * What a function answers under `ReportBatchItemFailures`: Lambda delivers everything from the lowest named sequence number
 * on again. https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
 */
export interface BatchResponse {
  readonly batchItemFailures: readonly ItemFailure[];
}

export interface ItemFailure {
  /** The record's sequence number. */
  readonly itemIdentifier: string;
  /** Only in the answer to a redrive; Lambda ignores it. */
  readonly error?: { readonly code: string; readonly message: string };
}

/** The Lambda context, as far as a processor can use it. */
export interface LambdaContext {
  readonly functionName: string;
  readonly invokedFunctionArn: string;
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}
