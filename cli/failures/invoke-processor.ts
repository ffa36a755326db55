import type { BatchResponse, FailureReason, StreamBatch } from "../../runtime/processor";

/** Hands a batch to the processor; `undefined` = handled, else why not. Rejects where the function cannot be invoked at all. */
export type InvokeProcessor = (batch: StreamBatch) => Promise<FailureReason | undefined>;

/** The deployed function, invoked and waited for. */
export async function lambdaProcessor(functionName: string, region: string | undefined): Promise<InvokeProcessor> {
  const { InvokeCommand, LambdaClient } = await import("@aws-sdk/client-lambda");
  // A processor may take Lambda's 15 minutes; a second try meanwhile would only handle the event twice.
  const client = new LambdaClient({ region, maxAttempts: 1, requestHandler: { requestTimeout: 905_000 } });
  return async (batch) => {
    const { FunctionError, Payload } = await client.send(
      new InvokeCommand({ FunctionName: functionName, Payload: Buffer.from(JSON.stringify(batch)) }),
    );
    return reasonOf(FunctionError, Buffer.from(Payload ?? []).toString("utf8"));
  };
}

/** What an invocation with one record says about it: an error, a named failure, or nothing (also a foreign processor's `null`). */
export function reasonOf(functionError: string | undefined, payload: string): FailureReason | undefined {
  const answer = payload === "" ? undefined : JSON.parse(payload);
  if (functionError !== undefined) {
    const { errorType = functionError, errorMessage = "no message" } = answer ?? {};
    return { code: errorType, message: errorMessage };
  }
  const failure = (answer as BatchResponse | undefined | null)?.batchItemFailures?.[0];
  if (failure === undefined) return undefined;
  return failure.error ?? { code: "NOT_SETTLED", message: "The processor asked for the event to be delivered again" };
}
