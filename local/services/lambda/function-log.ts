import { randomUUID } from "node:crypto";
import type { Permission } from "../../cloud/protocol";
import type { FunctionSpec } from "./function-spec";

/** The log stream of one environment. */
export interface FunctionLog {
  readonly stream: string;
  /** False: the role must not write to the stream, and the line is lost, as on AWS. */
  write(): boolean;
}

/** @param authorize checks the function's role, and reports the call */
export function openLog(
  spec: FunctionSpec,
  place: { readonly region: string; readonly accountId: string },
  authorize: (permission: Permission) => boolean,
): FunctionLog {
  const day = new Date().toISOString().slice(0, 10).replaceAll("-", "/");
  const stream = `${day}/[$LATEST]${randomUUID().replaceAll("-", "")}`;
  const resource = `arn:aws:logs:${place.region}:${place.accountId}:log-group:${spec.logGroup}:log-stream:${stream}`;
  let allowed: boolean | undefined;
  return {
    stream,
    write() {
      // Checked at the first line only: thousands of equal calls would hide the others.
      allowed ??=
        authorize({ action: "logs:CreateLogStream", resource }) && authorize({ action: "logs:PutLogEvents", resource });
      return allowed;
    },
  };
}
