import type { BatchResponse, FailureReason, StreamBatch, StreamRecord } from "pulumi-stream-ingestion/internal";
import type { Access } from "./failure-store";

/** What the processor answered to a batch. */
export interface BatchOutcome {
  /** The whole invocation failed: which events were handled is not known. */
  readonly functionError?: FailureReason;
  /** By sequence number: the records that were not handled. Without a reason, they were not tried. */
  readonly failures: ReadonlyMap<string, FailureReason | undefined>;
}

/** Sends a batch to the processor. Rejects when the function cannot be invoked. */
export type InvokeProcessor = (batch: StreamBatch) => Promise<BatchOutcome>;

/** The processor of an account. */
export interface LambdaProcessor extends InvokeProcessor {
  /** Closes its connections. */
  close(): void;
}

/** Invokes the deployed function synchronously. */
export async function lambdaProcessor(
  functionName: string,
  region: string | undefined,
  access: Access = {},
): Promise<LambdaProcessor> {
  const { InvokeCommand, LambdaClient } = await import("@aws-sdk/client-lambda");
  // A processor may run for Lambda's 15 minutes; a retry before that would process the event twice.
  const client = new LambdaClient({ region, ...access, maxAttempts: 1, requestHandler: { requestTimeout: 905_000 } });
  const invoke: InvokeProcessor = async (batch) => {
    const { FunctionError, Payload } = await client.send(
      new InvokeCommand({ FunctionName: functionName, Payload: Buffer.from(JSON.stringify(batch)) }),
    );
    return outcomeOf(FunctionError, Buffer.from(Payload ?? []).toString("utf8"));
  };
  return Object.assign(invoke, { close: () => client.destroy() });
}

/** The answer of an invocation: a function error, or reported batch item failures. */
export function outcomeOf(functionError: string | undefined, payload: string): BatchOutcome {
  const response = payload === "" ? undefined : JSON.parse(payload);
  if (functionError !== undefined) {
    const { errorType = functionError, errorMessage = "no message" } = response ?? {};
    return { functionError: { code: errorType, message: errorMessage }, failures: new Map() };
  }
  const failures = (response as BatchResponse | undefined | null)?.batchItemFailures ?? [];
  return { failures: new Map(failures.map(({ itemIdentifier, error }) => [itemIdentifier, error])) };
}

const NOT_SETTLED: FailureReason = {
  code: "NOT_SETTLED",
  message: "The processor reported the event as a batch item failure",
};

/**
 * Sends records, which have different sequence numbers, to the processor in one invocation, and returns for each why it failed. What was
 * not tried is sent again. When the whole invocation fails, its halves are sent, until the failing record is alone: a handler
 * can get an event twice, as after a crash.
 */
export async function processInOrder(
  records: readonly StreamRecord[],
  invoke: InvokeProcessor,
): Promise<(FailureReason | undefined)[]> {
  const { functionError, failures } = await invoke({ Records: records });
  const idOf = (record: StreamRecord) => record.dynamodb?.SequenceNumber ?? "";
  if (functionError !== undefined) return records.length === 1 ? [functionError] : inHalves(records, invoke);
  // As Lambda does, everything from the first record without a reason on is sent again.
  const firstLeft = records.findIndex(
    (record) => failures.has(idOf(record)) && failures.get(idOf(record)) === undefined,
  );
  const left =
    firstLeft < 0 ? [] : records.slice(firstLeft).filter((record) => failures.get(idOf(record)) === undefined);
  if (left.length === 1 && records.length === 1) return [NOT_SETTLED];
  if (left.length === records.length && left.length > 0) return inHalves(records, invoke);
  const again = left.length === 0 ? [] : await processInOrder(left, invoke);
  const outcomes = new Map(left.map((record, index) => [record, again[index]]));
  return records.map((record) => (outcomes.has(record) ? outcomes.get(record) : failures.get(idOf(record))));
}

async function inHalves(records: readonly StreamRecord[], invoke: InvokeProcessor) {
  const middle = records.length >> 1;
  const first = await processInOrder(records.slice(0, middle), invoke);
  return [...first, ...(await processInOrder(records.slice(middle), invoke))];
}
