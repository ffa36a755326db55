import { randomUUID } from "node:crypto";
import type { Permission } from "../../cloud/protocol";
import type { FunctionSpec } from "./function-spec";

/** A log stream of one environment. */
export interface FunctionLog {
  readonly stream: string;
  /** False: the role may not write there, and the line is lost, as on AWS. */
  write(): boolean;
}

/** @param may asks the function's role, and reports the call */
export function openLog(
  spec: FunctionSpec,
  place: { readonly region: string; readonly accountId: string },
  may: (permission: Permission) => boolean,
): FunctionLog {
  const day = new Date().toISOString().slice(0, 10).replaceAll("-", "/");
  const stream = `${day}/[$LATEST]${randomUUID().replaceAll("-", "")}`;
  const resource = `arn:aws:logs:${place.region}:${place.accountId}:log-group:${spec.logGroup}:log-stream:${stream}`;
  let allowed: boolean | undefined;
  return {
    stream,
    write() {
      // Asked with the first line, and not again for each: thousands of equal calls would hide the others.
      allowed ??= may({ action: "logs:CreateLogStream", resource }) && may({ action: "logs:PutLogEvents", resource });
      return allowed;
    },
  };
}
