import type { FunctionError } from "../../cloud/cloud-event";

/** From the local cloud to a function's process. */
export interface Invocation {
  readonly requestId: string;
  readonly functionArn: string;
  /** Epoch milliseconds. */
  readonly deadline: number;
  readonly traceId: string;
  /** JSON. */
  readonly event: string;
}

/** From the local cloud to a function's process: listen for a debugger on this port of 127.0.0.1. */
export interface Inspection {
  readonly inspectPort: number;
}

/** From a function's process, once: it has loaded its code, or failed to. */
export interface Loaded {
  readonly loaded: true;
  readonly error?: FunctionError;
}

/** The reply: JSON of the result, or of Lambda's error object. */
export interface InvocationReply {
  readonly ok: boolean;
  readonly result: string;
}
