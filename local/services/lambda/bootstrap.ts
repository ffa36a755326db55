/**
 * Runs in a function's process in place of Lambda's runtime: loads the handler, then serves one invocation after the other.
 * This file alone is copied next to the bundle, so it imports only Node modules.
 */

import { existsSync } from "node:fs";
import type { Invocation, InvocationReply, Loaded } from "./ipc";

interface LambdaContext {
  readonly [property: string]: unknown;
  getRemainingTimeInMillis(): number;
}
type Handler = (event: unknown, context: LambdaContext) => unknown;

// The parent has ended, also by SIGKILL: no function may outlive it.
process.once("disconnect", () => process.exit(0));
// A terminal sends Ctrl-C to the whole process group; the parent ends its functions itself.
process.on("SIGINT", () => {});

const loading = load();
const report = () => send({ loaded: true });
loading.then(report, report);

process.on("message", async (invocation: Invocation) => {
  process.env._X_AMZN_TRACE_ID = invocation.traceId;
  try {
    const handler = await loading;
    const result = await handler(JSON.parse(invocation.event), contextOf(invocation));
    send({ ok: true, result: JSON.stringify(result === undefined ? null : result) });
  } catch (error) {
    send({ ok: false, result: JSON.stringify(describe(error)) });
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
  // A failing import becomes the result of the first invocation.
  const base = `${process.env.LAMBDA_TASK_ROOT}/${file}`;
  const ending = [".js", ".mjs", ".cjs"].find((candidate) => existsSync(base + candidate)) ?? ".js";
  const loaded = import(base + ending).then((exports) => {
    const handler = exports[name] ?? exports.default?.[name];
    if (typeof handler !== "function") throw new Error(`${process.env._HANDLER} is undefined or not exported`);
    // As the runtime of Node.js 24 does it.
    if (handler.length > 2 && Number(process.versions.node.split(".")[0]) >= 24)
      throw new Error(`${process.env._HANDLER} takes a callback: Lambda no longer supports that. Return a promise`);
    return handler as Handler;
  });
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

function send(message: InvocationReply | Loaded): void {
  process.send?.(message);
}

function describe(error: unknown) {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  return { errorType: name, errorMessage: message, trace: stack?.split("\n") ?? [] };
}
