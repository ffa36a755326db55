import type { ConnectionRow } from "../../contract";
import type { ControlDeps } from "../deps";
import { isLive, toConnectionRow, write } from "../table/connection-table";
import { checkStreamId } from "./check-stream-id";
import { close, tooManyConflicts, WRITE_ATTEMPTS } from "./desired-state";

export interface StopOptions {
  /** The list lost this stream: its flag goes too. @default false */
  readonly undeclare?: boolean;
}

export type StopResult =
  /** An owner runs and will close within one renew (HTTP 202). */
  | { readonly kind: "stopping"; readonly row: ConnectionRow }
  /** Nobody runs it (HTTP 200). */
  | { readonly kind: "closed"; readonly row: ConnectionRow }
  /** Never started (HTTP 404). */
  | { readonly kind: "not-found" };

/**
 * Makes sure that the stream stops. Safe to repeat. The checkpoint stays: a later start resumes from it.
 * @throws StreamError VALIDATION_FAILED for a bad id, STORE_UNAVAILABLE
 */
export async function stopStream(
  deps: Omit<ControlDeps, "invoke">,
  streamId: string,
  { undeclare = false }: StopOptions = {},
): Promise<StopResult> {
  checkStreamId(streamId);
  const nonce = deps.newNonce();
  for (let tries = 0; tries < WRITE_ATTEMPTS; tries++) {
    const stored = await deps.table.read(streamId);
    if (!stored) return { kind: "not-found" };
    const seen = toConnectionRow(stored);
    const now = deps.clock.now();
    if (seen.desired === "closed" && !undeclare && (seen.status === "closed" || isLive(seen, now))) {
      return { kind: isLive(seen, now) ? "stopping" : "closed", row: seen };
    }
    const declared = undeclare ? "remove" : undefined;
    const written = await write(deps.table, streamId, close(seen, { nonce, now, declared }));
    if (written.applied) return { kind: isLive(written.row, now) ? "stopping" : "closed", row: written.row };
  }
  throw tooManyConflicts("stop", streamId);
}
