import { randomUUID } from "node:crypto";
import { AwsError } from "../../cloud/aws-error";
import type { AwsRequest, AwsResponse, Protocol } from "../../cloud/protocol";
import { unsupported } from "../../cloud/unsupported";
import type { Functions } from "./functions";

const INVOCATIONS = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;
/** A name, `account:function:name` or an ARN, with an optional version or alias. */
const FUNCTION_NAME = /^(?:(?:arn:aws:lambda:([^:]+):)?(\d{12}):function:)?([\w-]+)(?::([\w$-]+))?$/;
const LATEST = "$LATEST";
const MAX_PAYLOAD_BYTES = { RequestResponse: 6 * 1024 * 1024, Event: 1024 * 1024, DryRun: 6 * 1024 * 1024 };
type InvocationType = keyof typeof MAX_PAYLOAD_BYTES;

export interface LambdaOptions {
  readonly functions: Functions;
  readonly region: string;
  readonly accountId: string;
}

/** Lambda's Invoke, synchronous and asynchronous. */
export function lambdaProtocol({ functions, region, accountId }: LambdaOptions): Protocol {
  return {
    open(request) {
      const { method, path, headers, body } = request;
      const invoked = decodeURIComponent(INVOCATIONS.exec(path)?.[1] ?? "");
      if (method !== "POST" || invoked === "") throw unsupported("Lambda", `${method} ${path}, only Invoke`);
      const [, inRegion = region, inAccount = accountId, target = invoked, version] = FUNCTION_NAME.exec(invoked) ?? [];
      const type = invocationType(request, version);
      const resource = `arn:aws:lambda:${inRegion}:${inAccount}:function:${target}`;
      const call = {
        target,
        payload: body.length === 0 ? "{}" : checked(body.toString()),
        traceId: headers["x-amzn-trace-id"],
      };
      return {
        permissions: [{ action: "lambda:InvokeFunction", resource }],
        async run(caller): Promise<AwsResponse> {
          const base = { "x-amzn-requestid": randomUUID(), "x-amz-executed-version": LATEST };
          if (functions.find(target)?.arn !== resource)
            throw new AwsError("ResourceNotFoundException", 404, `Function not found: ${resource}`);
          switch (type) {
            case "DryRun":
              return { status: 204, headers: base, body: "" };
            case "Event":
              functions.invokeAsync({ ...call, caller: caller.name });
              return { status: 202, headers: base, body: "" };
            case "RequestResponse": {
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

const UNSUPPORTED_HEADERS = ["x-amz-client-context", "x-amz-tenant-id", "x-amz-durable-execution-name"];

/** @throws AwsError for what cannot be invoked here, and for a payload over Lambda's limit */
function invocationType(
  { headers, query, body }: AwsRequest,
  version = query.get("Qualifier") ?? LATEST,
): InvocationType {
  if (version !== LATEST) throw unsupported("Lambda", `Invoke with the qualifier ${version}`);
  const header = UNSUPPORTED_HEADERS.find((name) => headers[name] !== undefined);
  if (header !== undefined) throw unsupported("Lambda", `Invoke with the header ${header}`);
  if (headers["x-amz-log-type"] === "Tail") throw unsupported("Lambda", "Invoke with LogType Tail");
  const type = (headers["x-amz-invocation-type"] ?? "RequestResponse") as InvocationType;
  const limit = MAX_PAYLOAD_BYTES[type];
  if (limit === undefined) {
    const allowed = Object.keys(MAX_PAYLOAD_BYTES).join(", ");
    throw new AwsError(
      "InvalidParameterValueException",
      400,
      `Expected InvocationType to be one of ${allowed}, got ${type}.`,
    );
  }
  if (body.length <= limit) return type;
  throw new AwsError(
    "RequestEntityTooLargeException",
    413,
    `Expected at most ${limit} bytes of payload, got ${body.length}.`,
  );
}

function checked(payload: string): string {
  try {
    JSON.parse(payload);
    return payload;
  } catch {
    throw new AwsError("InvalidRequestContentException", 400, "Could not parse request body into json.");
  }
}
