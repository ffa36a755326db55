import { randomUUID } from "node:crypto";
import type { HopPayload } from "../contract";
import type { Clock } from "../support/clock";
import type { Logger } from "../support/logger";
import type { ConnectionTable } from "./table/connection-table";

/** Invokes a hop asynchronously. Resolves when Lambda accepts the invocation; it may run never, once or twice. */
export type Invoke = (payload: HopPayload) => Promise<void>;

/** Dependencies of every control plane operation. */
export interface ControlDeps {
  readonly table: ConnectionTable;
  readonly invoke: Invoke;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly newNonce: () => string;
  /** The source has no `{streamId}`, so every stream sends the same request. Absent: the streams' rows show it. */
  readonly sharedRequest?: boolean;
  /** `source.maxConnections`. Absent: no limit. */
  readonly maxConnections?: number;
}

export const randomNonce = (): string => randomUUID();
