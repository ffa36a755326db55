import { CONTRACT_VERSION, type HopStream, isStreamId, STATUS } from "../../contract";
import type { ControlDeps } from "../deps";
import { type DeclaredChange, declaredChanges, declaredList } from "../streams/declared";
import { streamInTheWay, surplusStreams } from "../streams/single-stream";
import { startStream } from "../streams/start";
import { stopStream } from "../streams/stop";
import { toConnectionRow, write } from "../table/connection-table";
import type { StoredRow } from "../table/row-change";
import { watchdogChange } from "./changes";
import { type Decision, decide } from "./decision";
import { report, type WatchdogReport } from "./report";

export interface WatchdogDeps extends ControlDeps {
  readonly release: string;
  /** Key of the row that holds the deployment's `streams`. */
  readonly declaredRow: string;
  readonly streamsPerHop: number;
  /** Hops leave the end of a chain to the watchdog. @default false */
  readonly endsChains?: boolean;
  /** Current version of the secret. Called only when a stream failed. */
  readonly secretVersion: () => Promise<string | undefined>;
}

/**
 * One run of the watchdog: starts and stops streams that the deployment added or removed, then checks every row. Safe to run
 * concurrently and during a handover. An error with one row is logged and does not affect the others.
 * @throws StreamError STORE_UNAVAILABLE when the table cannot be read
 */
export async function runWatchdog(deps: WatchdogDeps): Promise<WatchdogReport> {
  const { clock, logger } = deps;
  const stored = await allRows(deps);
  const rows = stored.filter(({ streamId }) => isStreamId(streamId)).map(toConnectionRow);
  const list = declaredList(stored.find(({ streamId }) => streamId === deps.declaredRow));
  const changes = list ? declaredChanges(list, rows) : [];
  for (const change of changes) {
    await continueOnError(deps, change.streamId, () => applyDeclaredChange(deps, change));
  }

  const changed = new Set(changes.map(({ streamId }) => streamId));
  const surplus = surplusStreams(rows, deps.sharedRequest);
  const secretVersion = rows.some((row) => row.status === STATUS.failed) ? await secretVersionOf(deps) : undefined;
  const run = { nonce: deps.newNonce(), release: deps.release };
  const toInvoke: HopStream[] = [];
  for (const row of rows.filter(({ streamId }) => !changed.has(streamId))) {
    const now = clock.now();
    const { release, endsChains } = deps;
    const inTheWay = surplus.get(row.streamId);
    const decision = decide(row, { now, release, endsChains, secretVersion, inTheWay });
    if (decision.kind === "nothing") continue;
    await continueOnError(deps, row.streamId, async () => {
      logger.log("info", "Watchdog action", { event: "watchdog", streamId: row.streamId, decision: decision.kind });
      const change = watchdogChange(decision, row, { ...run, now });
      if (change && !(await write(deps.table, row.streamId, change)).applied) return;
      const later = decision.kind === "revive" && decision.retryAt !== undefined;
      if (INVOKES.has(decision.kind) && !later)
        toInvoke.push({
          streamId: row.streamId,
          ...(decision.kind === "invoke-successor" && { generation: decision.generation }),
        });
    });
  }
  for (let at = 0; at < toInvoke.length; at += deps.streamsPerHop) {
    const streams = toInvoke.slice(at, at + deps.streamsPerHop);
    await continueOnError(deps, streams.map(({ streamId }) => streamId).join(), () =>
      deps.invoke({ v: CONTRACT_VERSION, streams }),
    );
  }
  return report(
    rows,
    clock.now(),
    toInvoke.map(({ streamId }) => streamId),
  );
}

/** Decisions that a hop follows. */
const INVOKES = new Set<Decision["kind"]>(["invoke-successor", "invoke", "revive", "retry-with-new-secret"]);

async function applyDeclaredChange(deps: WatchdogDeps, { kind, streamId }: DeclaredChange): Promise<void> {
  deps.logger.log("info", "The deployment's streams changed", { event: "declared", streamId, change: kind });
  if (kind === "start") {
    // The next run fails a stream that would receive the same events as a running one.
    const invoke = (await streamInTheWay(deps, streamId)) === undefined;
    await startStream(deps, streamId, { declared: true, invoke });
  } else if (kind === "stop") await stopStream(deps, streamId, { undeclare: true });
  else {
    await write(deps.table, streamId, {
      name: kind,
      when: [{ present: "streamId" }],
      set: { declared: kind === "track" ? false : undefined },
      wasAppliedTo: (row) => row.declared === (kind === "track" ? false : undefined),
    });
  }
}

async function allRows({ table }: WatchdogDeps): Promise<readonly StoredRow[]> {
  const rows: StoredRow[] = [];
  for (let after: string | undefined, more = true; more; more = after !== undefined) {
    const page = await table.scan(after === undefined ? {} : { after });
    rows.push(...page.rows);
    after = page.next;
  }
  return rows;
}

/** On an error the version is unknown, and failed streams stay down until the next run. */
async function secretVersionOf({ secretVersion, logger }: WatchdogDeps): Promise<string | undefined> {
  try {
    return await secretVersion();
  } catch (error) {
    logger.log("warn", "Could not read the version of the secret", { event: "watchdog", error });
    return undefined;
  }
}

async function continueOnError({ logger }: WatchdogDeps, streamId: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    logger.log("error", "Watchdog action failed. The next run tries again", {
      event: "watchdog",
      streamId,
      error,
    });
  }
}
