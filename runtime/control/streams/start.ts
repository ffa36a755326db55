import { CONTRACT_VERSION, type ConnectionRow } from "../../contract";
import type { ControlDeps } from "../deps";
import { isWithinLimit } from "../table/connection-slots";
import { isClaimed, isLive, toConnectionRow, write } from "../table/connection-table";
import { checkStreamId } from "./check-stream-id";
import { open, tooManyConflicts, WRITE_ATTEMPTS } from "./desired-state";

export interface StartOptions {
  /** False: start without the stored checkpoint. @default true */
  readonly resume?: boolean;
  /** True: started by the deployment's `streams`. False: started through the API. @default false */
  readonly declared?: boolean;
  /** False: write that the stream should run, and leave it to the watchdog. @default true */
  readonly invoke?: boolean;
}

export type StartResult =
  /** A hop was invoked (HTTP 202). */
  | { readonly kind: "started"; readonly row: ConnectionRow }
  /** It runs, or waits for its `retryAt`. Nothing was written (HTTP 200). */
  | { readonly kind: "already-running"; readonly row: ConnectionRow };

/**
 * Ensures that the stream runs. Idempotent: two concurrent starts may both invoke a hop, but only one acquires the lease.
 * @throws StreamError VALIDATION_FAILED for an invalid id, STORE_UNAVAILABLE
 */
export async function startStream(
  deps: ControlDeps,
  streamId: string,
  { resume = true, declared = false, invoke = true }: StartOptions = {},
): Promise<StartResult> {
  checkStreamId(streamId);
  const nonce = deps.newNonce();
  for (let attempt = 0; attempt < WRITE_ATTEMPTS; attempt++) {
    const stored = await deps.table.read(streamId);
    const seen = stored && toConnectionRow(stored);
    const now = deps.clock.now();
    if (seen && isRunning(seen, now)) return { kind: "already-running", row: seen };
    const flag = declared ? true : seen?.declared === undefined ? undefined : false;
    const written = await write(deps.table, streamId, open(seen, { nonce, now, resume, declared: flag }));
    if (!written.applied) continue;
    // With the last connections in use by handovers, or by streams that stop, the watchdog invokes it.
    const { table, maxConnections } = deps;
    if (invoke && (await isWithinLimit(table, { now, maxConnections }))) await invokeOrLeaveToWatchdog(deps, streamId);
    return { kind: "started", row: written.row };
  }
  throw tooManyConflicts("start", streamId);
}

function isRunning(row: ConnectionRow, now: number): boolean {
  if (row.desired !== "open") return false;
  const waiting = row.status === "waiting" && (row.retryAt ?? 0) > now;
  return isLive(row, now) || isClaimed(row, now) || waiting;
}

/** A failed invocation only delays the start: the watchdog finds the row and invokes. */
async function invokeOrLeaveToWatchdog({ invoke, logger }: ControlDeps, streamId: string): Promise<void> {
  try {
    await invoke({ v: CONTRACT_VERSION, streams: [{ streamId }] });
  } catch (error) {
    logger.log("warn", "Could not invoke the connection manager. The watchdog invokes it at its next run", {
      streamId,
      error,
    });
  }
}
