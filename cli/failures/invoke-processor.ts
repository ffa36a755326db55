import type { BatchResponse, FailureReason, StreamBatch } from "pulumi-stream-ingestion/internal";

/** Sends a batch to the processor. Resolves to `undefined` when it succeeds, otherwise to the reason. Rejects when the function cannot be invoked. */
export type InvokeProcessor = (batch: StreamBatch) => Promise<FailureReason | undefined>;

/** Invokes the deployed function synchronously. */
export async function lambdaProcessor(functionName: string, region: string | undefined): Promise<InvokeProcessor> {
  const { InvokeCommand, LambdaClient } = await import("@aws-sdk/client-lambda");
  // A processor may run for Lambda's 15 minutes; a retry before that would process the event twice.
  const client = new LambdaClient({ region, maxAttempts: 1, requestHandler: { requestTimeout: 905_000 } });
  return async (batch) => {
    const { FunctionError, Payload } = await client.send(
      new InvokeCommand({ FunctionName: functionName, Payload: Buffer.from(JSON.stringify(batch)) }),
    );
    return reasonOf(FunctionError, Buffer.from(Payload ?? []).toString("utf8"));
  };
}

/** The failure of an invocation with one record: a function error or a reported batch item failure. */
export function reasonOf(functionError: string | undefined, payload: string): FailureReason | undefined {
  const response = payload === "" ? undefined : JSON.parse(payload);
  if (functionError !== undefined) {
    const { errorType = functionError, errorMessage = "no message" } = response ?? {};
    return { code: errorType, message: errorMessage };
  }
  const failure = (response as BatchResponse | undefined | null)?.batchItemFailures?.[0];
  if (failure === undefined) return undefined;
  return failure.error ?? { code: "NOT_SETTLED", message: "The processor reported the event as a batch item failure" };
}
