import type { HopPayload } from "../contract";

/** Starts one hop, asynchronously: resolves when the invocation is accepted, which does not promise that it runs, or runs once. */
export type Invoke = (payload: HopPayload) => Promise<void>;
