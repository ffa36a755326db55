/** Public entry of the local stack: what the command line, tests and benches use. */
import { startLocalCloud } from "./aws/start-local-cloud";
import { type LocalStack, type LocalStackOptions, startStack } from "./local-stack";
import { realisers } from "./resources/registry";

/** Evaluates a Pulumi program and runs what it registers on this machine. @throws LocalError for whatever its user can mend */
export function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  return startStack({ startCloud: startLocalCloud, realisers }, options);
}

export type { CloudEvent, LocalCloud } from "./aws/cloud";
export type { ConnectionApi, StreamView } from "./connection-api-client";
export { LocalError } from "./local-error";
export type { Instance, LocalStack, LocalStackOptions } from "./local-stack";
export { operatorEnvironment } from "./operator-environment";
export { type Comparison, compare, type EventCopy, isClean } from "./sample/compare";
export { type SampleUpstream, startSampleUpstream } from "./sample/sample-upstream";
export { type StackEvent, stackEvents } from "./stack-event";
export { readStoredEvents, type StoredEvent } from "./stored-events";
