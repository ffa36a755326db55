import { randomUUID } from "node:crypto";
import { AwsError } from "../../cloud/aws-error";
import type { AwsResponse, Protocol } from "../../cloud/protocol";
import type { Functions } from "./functions";

const INVOCATIONS = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;

export interface LambdaOptions {
  readonly functions: Functions;
  readonly region: string;
  readonly accountId: string;
}

/** Lambda's Invoke, synchronous and asynchronous. */
export function lambdaProtocol({ functions, region, accountId }: LambdaOptions): Protocol {
  return {
    open({ method, path, headers, body }) {
      const target = decodeURIComponent(INVOCATIONS.exec(path)?.[1] ?? "");
      if (method !== "POST" || target === "") {
        throw new AwsError(
          "UnknownOperationException",
          404,
          `The local Lambda supports Invoke only, got ${method} ${path}.`,
        );
      }
      const name = functions.find(target)?.name ?? target.replace(/^.*:function:/, "");
      const resource = functions.find(target)?.arn ?? `arn:aws:lambda:${region}:${accountId}:function:${name}`;
      const call = {
        target,
        payload: body.length === 0 ? "{}" : checked(body.toString()),
        traceId: headers["x-amzn-trace-id"],
      };
      return {
        permissions: [{ action: "lambda:InvokeFunction", resource }],
        async run(caller): Promise<AwsResponse> {
          const base = { "x-amzn-requestid": randomUUID(), "x-amz-executed-version": "$LATEST" };
          switch (headers["x-amz-invocation-type"] ?? "RequestResponse") {
            case "DryRun":
              return { status: 204, headers: base, body: "" };
            case "Event":
              functions.invokeAsync({ ...call, caller: caller.name });
              return { status: 202, headers: base, body: "" };
            default: {
              const { phase, payload } = await functions.invoke({ ...call, caller: caller.name });
              const failed: Record<string, string> = phase === "end" ? {} : { "x-amz-function-error": "Unhandled" };
              return {
                status: 200,
                headers: { ...base, ...failed, "content-type": "application/json" },
                body: payload,
              };
            }
          }
        },
      };
    },
    fail: ({ code, status, message }) => ({
      status: code === "AccessDeniedException" ? 403 : status,
      headers: { "content-type": "application/json", "x-amzn-errortype": code },
      body: JSON.stringify({ Type: status < 500 ? "User" : "Service", Message: message, message }),
    }),
  };
}

function checked(payload: string): string {
  try {
    JSON.parse(payload);
    return payload;
  } catch {
    throw new AwsError("InvalidRequestContentException", 400, "Could not parse request body into json.");
  }
}
