import { randomUUID } from "node:crypto";
import type { Clock } from "../support/clock";
import type { Logger } from "../support/logger";
import type { ConnectionTable } from "./connection-table";
import type { Invoke } from "./invoke-port";

/** What every use-case of the control plane is given. */
export interface ControlDeps {
  readonly table: ConnectionTable;
  readonly invoke: Invoke;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly newNonce: () => string;
}

export const randomNonce = (): string => randomUUID();
