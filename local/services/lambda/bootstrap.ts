/**
 * Runs in a function's process in place of Lambda's runtime: loads the handler, then serves one invocation after the other.
 * This file alone is copied next to the bundle, so it imports only Node modules.
 */

import { existsSync } from "node:fs";
import * as inspector from "node:inspector";
import { createRequire, registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
import type { Inspection, Invocation, InvocationReply, Loaded } from "./ipc";

interface LambdaContext {
  readonly [property: string]: unknown;
  getRemainingTimeInMillis(): number;
}
type Handler = (event: unknown, context: LambdaContext) => unknown;

// The parent has ended, also by SIGKILL: no function may outlive it.
process.once("disconnect", () => process.exit(0));

/** Folders whose packages include the AWS SDK. */
const SDK_FOLDERS = process.argv.splice(2);
provideSdk();

const loading = load();
loading.then(
  () => send({ loaded: true }),
  (error: unknown) => {
    logError("Init Error", error);
    send({ loaded: true, error: describe(error) });
  },
);

process.on("message", async (invocation: Invocation | Inspection) => {
  if ("inspectPort" in invocation) {
    if (inspector.url() === undefined) inspector.open(invocation.inspectPort, "127.0.0.1");
    return;
  }
  process.env._X_AMZN_TRACE_ID = invocation.traceId;
  const handler = await loading.catch((error: unknown) => {
    send({ ok: false, result: JSON.stringify(describe(error)) });
  });
  if (handler === undefined) return;
  try {
    const result = await handler(JSON.parse(invocation.event), contextOf(invocation));
    send({ ok: true, result: JSON.stringify(result === undefined ? null : result) });
  } catch (error) {
    logError("Invoke Error", error, invocation.requestId);
    send({ ok: false, result: JSON.stringify(describe(error)) });
  }
});

for (const [event, title] of [
  ["uncaughtException", "Uncaught Exception"],
  ["unhandledRejection", "Unhandled Promise Rejection"],
] as const) {
  process.on(event, (error: unknown) => {
    logError(title, error);
    process.exit(129);
  });
}

/** Lambda's Node runtimes contain the AWS SDK. Here it is a package of the program, or of this one. */
function provideSdk(): void {
  registerHooks({
    resolve(specifier, context, next) {
      try {
        return next(specifier, context);
      } catch (error) {
        const file = /^@(aws-sdk|smithy)\//.test(specifier) ? sdkFile(specifier) : undefined;
        if (file === undefined) throw error;
        return { url: pathToFileURL(file).href, shortCircuit: true };
      }
    },
  });
}

function sdkFile(specifier: string): string | undefined {
  for (const folder of SDK_FOLDERS) {
    try {
      return createRequire(`${folder}/`).resolve(specifier);
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

function load(): Promise<Handler> {
  const [file, name] = (process.env._HANDLER ?? "").split(".") as [string, string];
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

/** Writes one line in the log format of the function, as Lambda's runtime does. */
function logError(title: string, thrown: unknown, requestId?: string): void {
  const { trace, ...error } = describe(thrown);
  const timestamp = new Date().toISOString();
  const line =
    process.env.AWS_LAMBDA_LOG_FORMAT === "JSON"
      ? JSON.stringify({ timestamp, level: "ERROR", requestId, message: title, ...error, stackTrace: trace })
      : `${timestamp}\t${requestId}\tERROR\t${title} \t${JSON.stringify({ ...error, stack: trace })}`;
  process.stderr.write(`${line}\n`);
}
