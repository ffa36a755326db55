import { CloudWatchLogsClient, paginateFilterLogEvents } from "@aws-sdk/client-cloudwatch-logs";
import { type Clock, systemClock } from "pulumi-stream-ingestion/internal";
import { eventStream } from "../event-stream";
import { followInserts } from "../follow-changes";
import { storedItem } from "../local/stack-event";
import type { Deployment } from "../verify/find-deployment";
import type { AwsAccess } from "./aws-instance";
import type { ConsoleState } from "./console-state";
import { poll } from "./poll";

export interface DeployedFeedOptions {
  readonly state: ConsoleState;
  readonly access: AwsAccess;
  readonly signal: AbortSignal;
  readonly isWatched: () => boolean;
}

const LOGS_MS = 5_000;
/** The hop that holds a stream began at most this long ago. */
const FIRST_LOGS_MS = 15 * 60_000;
/** CloudWatch Logs can show a line some seconds late. */
const LATE_MS = 10_000;
/** FilterLogEvents is limited to few requests a second for a whole account. */
const MAX_PAGES = 5;
/** Ids of lines that were read, to read each once. */
const KEPT_IDS = 20_000;

/** Reads the functions' logs of an instance while a page is open. */
export function followLogs(
  { instance, logGroups }: Deployment,
  { state, access, ...options }: DeployedFeedOptions,
): void {
  const client = new CloudWatchLogsClient(access);
  options.signal.addEventListener("abort", () => client.destroy());
  for (const { functionName, logGroup } of logGroups) {
    let since = Date.now() - FIRST_LOGS_MS;
    const known = new Set<string>();
    const read = async () => {
      let pages = 0;
      let latest = since;
      for await (const { events = [] } of paginateFilterLogEvents(
        { client },
        { logGroupName: logGroup, startTime: Math.max(0, since - LATE_MS) },
      )) {
        for (const { eventId, timestamp: at = Date.now(), message: line = "" } of events) {
          const id = eventId ?? `${at} ${line}`;
          latest = Math.max(latest, at);
          if (known.has(id)) continue;
          known.add(id);
          state.log({ at, instance, functionName, line: line.trimEnd() });
        }
        if (++pages === MAX_PAGES) break;
      }
      since = latest;
      for (const id of known) {
        if (known.size <= KEPT_IDS) break;
        known.delete(id);
      }
    };
    void poll(read, {
      ...options,
      state,
      ms: LOGS_MS,
      isNeeded: options.isWatched,
      what: `the log of ${functionName}`,
    });
  }
}

/** Reads the event table's change stream while a page is open, as `tail` does. A shard supports two readers; the processor is one. */
export function followEvents(
  { instance, eventTable }: Pick<Deployment, "instance" | "eventTable">,
  { state, access, signal, isWatched, clock = systemClock }: DeployedFeedOptions & { readonly clock?: Clock },
): void {
  const what = `the events of ${instance}`;
  const read = async () => {
    // Aborts when the last page closes. The next page begins at the latest event.
    const unwatched = new AbortController();
    const timer = setInterval(() => !isWatched() && unwatched.abort(), 1_000).unref();
    const onRead = () => state.notice(what);
    const onThrottled = (waitMs: number) =>
      state.notice(what, `are read again in ${waitMs / 1_000} s: the change stream has other readers.`, what);
    try {
      const until = AbortSignal.any([signal, unwatched.signal]);
      const stream = await eventStream(eventTable, access, until);
      for await (const image of followInserts(stream, { clock, signal: until, onThrottled, onRead }))
        state.event(storedItem(instance, Date.now(), image));
    } finally {
      clearInterval(timer);
      unwatched.abort();
    }
  };
  void poll(read, { ms: 1_000, signal, isNeeded: isWatched, what, state });
}
