/** Public entry of the local cloud: evaluates a Pulumi program and runs what it registers on this machine. */
import { type LocalStack, type LocalStackOptions, startStack } from "./local-stack";
import { resourceHandlers } from "./services/services";
import { startLocalCloud } from "./start-local-cloud";

/** Evaluates a Pulumi program and runs what it registers on this machine. @throws LocalError for whatever its user can fix */
export function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  return startStack({ startCloud: startLocalCloud, resourceHandlers }, options);
}

export type { CloudEvent } from "./cloud/cloud-event";
export type { ResourceState, StackState } from "./evaluate/stack-state";
export { LocalError } from "./local-error";
export type { LocalStack, LocalStackOptions } from "./local-stack";
export { operatorEnvironment } from "./operator-environment";
export type { LocalCloud } from "./services/services";
