import type { ConnectionRow } from "../../contract";
import type { ControlDeps } from "../deps";
import { isLive, toConnectionRow, write } from "../table/connection-table";
import { checkStreamId } from "./check-stream-id";
import { close, tooManyConflicts, WRITE_ATTEMPTS } from "./desired-state";

export interface StopOptions {
  /** True: also remove `declared`, because the stream was removed from the deployment's `streams`. @default false */
  readonly undeclare?: boolean;
}

export type StopResult =
  /** A hop runs it, and closes the connection at its next renew (HTTP 202). */
  | { readonly kind: "stopping"; readonly row: ConnectionRow }
  /** No hop runs it (HTTP 202). */
  | { readonly kind: "closed"; readonly row: ConnectionRow }
  /** Never started (HTTP 404). */
  | { readonly kind: "not-found" };

/**
 * Ensures that the stream stops. Idempotent. The checkpoint stays, and a later start resumes from it.
 * @throws StreamError VALIDATION_FAILED for an invalid id, STORE_UNAVAILABLE
 */
export async function stopStream(
  deps: Omit<ControlDeps, "invoke">,
  streamId: string,
  { undeclare = false }: StopOptions = {},
): Promise<StopResult> {
  checkStreamId(streamId);
  const nonce = deps.newNonce();
  for (let attempt = 0; attempt < WRITE_ATTEMPTS; attempt++) {
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
