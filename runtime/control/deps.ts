import { randomUUID } from "node:crypto";
import type { HopPayload } from "../contract";
import type { Clock } from "../support/clock";
import type { Logger } from "../support/logger";
import type { ConnectionTable } from "./table/connection-table";

/** Starts one hop, asynchronously: resolves when the invocation is accepted, which does not promise that it runs, or runs once. */
export type Invoke = (payload: HopPayload) => Promise<void>;

/** What every use case of the control plane gets. */
export interface ControlDeps {
  readonly table: ConnectionTable;
  readonly invoke: Invoke;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly newNonce: () => string;
}

export const randomNonce = (): string => randomUUID();
