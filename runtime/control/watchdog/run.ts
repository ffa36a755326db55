import { CONTRACT_VERSION, type HopStream, isStreamId, STATUS } from "../../contract";
import { inParallel } from "../../support/in-parallel";
import type { ControlDeps } from "../deps";
import { declaredChanges, declaredList } from "../streams/declared";
import { surplusStreams } from "../streams/surplus";
import { allRows } from "../table/all-rows";
import { isWithinLimit } from "../table/connection-slots";
import { toConnectionRow, write } from "../table/connection-table";
import { applyDeclaredChange } from "./apply-declared";
import { moveChange, watchdogChange } from "./changes";
import { type Decision, decide } from "./decision";
import { isLost, lostHops } from "./lost-hops";
import { placement } from "./placement";
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

/** Calls in flight at a time. */
const PARALLEL = 16;

/**
 * One run of the watchdog: starts and stops streams that the deployment added or removed, checks every row, and moves streams to
 * shared hops. Safe to run concurrently and during a handover. An error with one row is logged and does not affect the others. What
 * is not begun by `until` is left to the next run.
 * @throws StreamError STORE_UNAVAILABLE when the table cannot be read
 */
export async function runWatchdog(
  deps: WatchdogDeps,
  { until = Number.POSITIVE_INFINITY }: { readonly until?: number } = {},
): Promise<WatchdogReport> {
  const { clock, logger, release, endsChains } = deps;
  // Rows are judged as of now: while a long run makes its calls, the owners renew the leases that it has read.
  const readAt = clock.now();
  const stored = await allRows(deps.table);
  const rows = stored.filter(({ streamId }) => isStreamId(streamId)).map(toConnectionRow);
  const run = { nonce: deps.newNonce(), release };
  const starting: HopStream[] = [];
  const forEach = <T>(
    items: readonly T[],
    limit: number,
    streamOf: (item: T) => string,
    act: (item: T) => Promise<void>,
  ) =>
    inParallel(items, { limit, mayStart: () => clock.now() < until }, (item) =>
      continueOnError(deps, streamOf(item), () => act(item)),
    );

  const list = declaredList(stored.find(({ streamId }) => streamId === deps.declaredRow));
  const changes = list ? declaredChanges(list, rows) : [];
  const sharedRequest = deps.sharedRequest ?? rows.find((row) => row.sharedRequest !== undefined)?.sharedRequest;
  // Of streams that receive the same events, only the first one starts.
  const limit = sharedRequest ? 1 : PARALLEL;
  let left = await forEach(
    changes,
    limit,
    ({ streamId }) => streamId,
    async (change) => {
      starting.push(...(await applyDeclaredChange(deps, change, sharedRequest === true)));
    },
  );

  const changed = new Set(changes.map(({ streamId }) => streamId));
  const lost = lostHops(rows, readAt);
  const surplus = surplusStreams(rows, deps);
  const secretVersion = rows.some((row) => row.status === STATUS.failed) ? await secretVersionOf(deps) : undefined;
  const decided = rows
    .filter(({ streamId }) => !changed.has(streamId))
    .map((row) => {
      const context = {
        now: readAt,
        release,
        endsChains,
        secretVersion,
        surplus: surplus.get(row.streamId),
        lost: isLost(row, lost),
      };
      return { row, decision: decide(row, context) };
    });
  const due = decided.filter(({ decision }) => decision.kind !== "nothing");
  left += await forEach(
    due,
    PARALLEL,
    ({ row }) => row.streamId,
    async ({ row, decision }) => {
      logger.log("info", "Watchdog action", { event: "watchdog", streamId: row.streamId, decision: decision.kind });
      const change = watchdogChange(decision, row, { ...run, now: clock.now() });
      if (change && !(await write(deps.table, row.streamId, change)).applied) return;
      const later = decision.kind === "revive" && decision.retryAt !== undefined;
      if (!INVOKES.has(decision.kind) || later) return;
      const { streamId } = row;
      starting.push(
        decision.kind === "invoke-successor" ? { streamId, generation: decision.generation } : { streamId },
      );
    },
  );

  const invoke = (streams: readonly HopStream[]) => deps.invoke({ v: CONTRACT_VERSION, streams });
  const idsOf = (streams: readonly { readonly streamId: string }[]) => streams.map(({ streamId }) => streamId).join();
  const { streamsPerHop, maxConnections } = deps;
  const fits = await isWithinLimit(deps.table, { now: clock.now(), maxConnections });
  // A successor takes a slot for its connection.
  const connecting = starting.filter(({ generation }) => fits || generation !== undefined);
  const hops = Array.from({ length: Math.ceil(connecting.length / streamsPerHop) }, (_, i) =>
    connecting.slice(i * streamsPerHop, (i + 1) * streamsPerHop),
  );
  // The rows show that these streams should run, so the next run invokes what this one did not.
  await inParallel(hops, { limit: PARALLEL }, (streams) =>
    continueOnError(deps, idsOf(streams), () => invoke(streams)),
  );

  const idle = decided.filter(({ decision }) => decision.kind === "nothing").map(({ row }) => row);
  const moves = streamsPerHop > 1 ? placement(idle, { now: clock.now(), release, streamsPerHop }) : [];
  left += await forEach(moves, 1, idsOf, async (moved) => {
    const streams: HopStream[] = [];
    await inParallel(moved, { limit: PARALLEL }, async (row) => {
      const { applied } = await write(deps.table, row.streamId, moveChange(row, { ...run, now: clock.now() }));
      if (applied) streams.push({ streamId: row.streamId, generation: row.generation });
    });
    logger.log("info", "Moving streams to a shared hop", { event: "move", count: streams.length });
    if (streams.length > 0) await invoke(streams);
  });
  return report(rows, readAt, { invoked: connecting.map(({ streamId }) => streamId), left });
}

/** Decisions that a hop follows. */
const INVOKES = new Set<Decision["kind"]>(["invoke-successor", "invoke", "revive", "retry-with-new-secret"]);

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
