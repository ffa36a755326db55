/**
 * Runs inside a function's process, in the place of Lambda's runtime: loads the handler, then serves one invocation
 * after the other. It is copied next to the bundle by itself, so it imports nothing but Node.
 */

import { existsSync } from "node:fs";
import type { Invocation, InvocationReply } from "./ipc";

interface LambdaContext {
  readonly [property: string]: unknown;
  getRemainingTimeInMillis(): number;
}
type Handler = (event: unknown, context: LambdaContext) => unknown;

// The parent is gone, even by SIGKILL: nothing may outlive it.
process.once("disconnect", () => process.exit(0));
// A Ctrl-C in the terminal reaches the whole group; the parent decides when its functions end.
process.on("SIGINT", () => {});

const loading = load();

process.on("message", async (invocation: Invocation) => {
  process.env._X_AMZN_TRACE_ID = invocation.traceId;
  try {
    const handler = await loading;
    const result = await handler(JSON.parse(invocation.event), contextOf(invocation));
    answer({ ok: true, result: JSON.stringify(result === undefined ? null : result) });
  } catch (error) {
    answer({ ok: false, result: JSON.stringify(describe(error)) });
  }
});

for (const event of ["uncaughtException", "unhandledRejection"] as const) {
  process.on(event, (error: unknown) => {
    const { errorType, errorMessage } = describe(error);
    process.stderr.write(`${event}: ${errorType}: ${errorMessage}\n${error instanceof Error ? error.stack : ""}\n`);
    process.exit(129);
  });
}

function load(): Promise<Handler> {
  const [file, name] = (process.env._HANDLER ?? "").split(".") as [string, string];
  // Resolved later if at all: a failing import is the answer to the first invocation.
  const base = `${process.env.LAMBDA_TASK_ROOT}/${file}`;
  const ending = [".js", ".mjs", ".cjs"].find((candidate) => existsSync(base + candidate)) ?? ".js";
  const loaded = import(base + ending).then((exports) => {
    const handler = exports[name] ?? exports.default?.[name];
    if (typeof handler !== "function") throw new Error(`${process.env._HANDLER} is undefined or not exported`);
    return handler as Handler;
  });
  loaded.catch(() => {});
  return loaded;
}

function contextOf({ requestId, functionArn, deadline }: Invocation): LambdaContext {
  return {
    awsRequestId: requestId,
    invokedFunctionArn: functionArn,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

function answer(invoked: InvocationReply): void {
  process.send?.(invoked);
}

function describe(error: unknown) {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  return { errorType: name, errorMessage: message, trace: stack?.split("\n") ?? [] };
}
