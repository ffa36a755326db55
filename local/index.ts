/** Public entry of the local cloud: evaluates a Pulumi program and runs what it registers on this machine. */
import { type LocalStack, type LocalStackOptions, startStack } from "./local-stack";
import type { EngineCloud, EngineCloudOptions } from "./provider/index";
import { resourceHandlers } from "./services/services";
import { startLocalCloud } from "./start-local-cloud";

/** Evaluates a Pulumi program and runs what it registers on this machine. @throws LocalError for an error that the user can fix */
export function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  return startStack({ startCloud: startLocalCloud, resourceHandlers }, options);
}

/** Starts an empty cloud, and the provider through which Pulumi's own engine fills it. gRPC is loaded when it is called. */
export async function startEngineCloud(options: EngineCloudOptions): Promise<EngineCloud> {
  const provider = await import("./provider/index");
  return provider.startEngineCloud(options);
}

export type { CloudEvent } from "./cloud/cloud-event";
export { isProcessAlive } from "./cloud/is-process-alive";
export type { ResourceState, StackState } from "./evaluate/stack-state";
export { LocalError } from "./local-error";
export type { LocalStack, LocalStackOptions } from "./local-stack";
export { operatorEnvironment } from "./operator-environment";
export type { EngineCloud, EngineCloudOptions } from "./provider/index";
export type { LocalCloud } from "./services/services";
