import type { StackEvent } from "../local/stack-event";
import { activityCounter } from "../local/stream-activity";
import { changeList } from "./change-list";
import { eventPaths, MAX_EVENTS } from "./event-paths";
import { failureList, MAX_FAILURES } from "./failure-list";
import { hopTimeline, MAX_HOPS } from "./hop-timeline";
import { type FunctionLine, logView } from "./log-view";
import { MAX_TEXT } from "./payload";
import type {
  AlarmView,
  Capabilities,
  EventView,
  FailureView,
  History,
  InstanceView,
  LogView,
  NoticeView,
  Sample,
  Snapshot,
  StreamView,
  Update,
} from "./protocol";
import { round, SAMPLE_MS } from "./sample-history";
import { NO_SAMPLE, streamTable } from "./stream-table";
import type { ConnectionState } from "./stream-view";

const MAX_LOGS = 1_000;
const SPARK = 60;
/** Rows of an update. The others follow in the next one. */
const MAX_ROWS = 250;

/** What the console knows, bounded. Feeds report what they see; the server sends it to the pages. */
export interface ConsoleState {
  /** All streams of one instance. */
  streams(instance: string, apiUrl: string, streams: readonly ConnectionState[]): void;
  /** An event on the local stack, or a stored event of a deployed one. */
  event(event: StackEvent): void;
  log(line: FunctionLine): void;
  /** All failed events of one instance, oldest first. */
  failures(instance: string, failures: readonly FailureView[]): void;
  /** All alarms of one instance. */
  alarms(instance: string, alarms: readonly AlarmView[]): void;
  /** Removes all other instances, with their streams, failures and alarms. */
  keep(instances: readonly string[]): void;
  /** A notice with the same id is replaced; without text it is removed. @param what see {@link NoticeView.what} */
  notice(id: string, text?: string, what?: string): void;
  stream(id: string): StreamView | undefined;
  failure(id: string): FailureView | undefined;
  /** Undefined: it is not shown any more. */
  shownEvent(id: string): EventView | undefined;
  snapshot(): Snapshot;
  /** What changed since the last update. Undefined: nothing. */
  update(): Update | undefined;
  /** Takes a sample of the rates when one is due. */
  tick(): void;
  /** Undefined: no such stream. */
  history(id?: string): History | undefined;
}

export function consoleState(capabilities: Capabilities, now: () => number): ConsoleState {
  /** Whether the feed reports each delivery. */
  const hasDeliveries = capabilities.unavailable.deliveries === undefined;
  const activity = activityCounter(now);
  let isChanged = false;
  const logs = changeList<LogView>(MAX_LOGS);
  const alarms = changeList<AlarmView>();
  const notices = changeList<NoticeView>();
  const failures = failureList();
  const hops = hopTimeline();
  const events = eventPaths();
  const streams = streamTable(hasDeliveries ? measureDeliveries : undefined);
  const instances = new Map<string, InstanceView>();
  /** Of which something was reported, also before their streams. */
  const names = new Set<string>();
  let logNumber = 0;
  let sampledAt = now();
  let pending: Update["sample"];
  let seen = -1;

  function measureDeliveries(instance: string, streamId: string): Omit<Sample, "inPerSecond"> {
    const { perSecond, processedPerSecond, lagMs } = activity.look(instance, streamId);
    return { storedPerSecond: round(perSecond), processedPerSecond: round(processedPerSecond), lagMs };
  }

  function replaceFailures(instance: string, all: readonly FailureView[]): void {
    names.add(instance);
    streams.failures(instance, failures.replace(instance, all));
  }

  function replaceAlarms(instance: string, all: readonly AlarmView[]): void {
    names.add(instance);
    const ids = new Set(all.map(({ id }) => id));
    for (const { id, instance: of } of alarms.all()) if (of === instance && !ids.has(id)) alarms.remove(id);
    for (const alarm of all) {
      const before = alarms.get(alarm.id);
      const since = alarm.since ?? (before?.state === alarm.state ? before.since : now());
      if (before?.state !== alarm.state) alarms.put({ ...alarm, since });
    }
  }

  return {
    streams(instance, apiUrl, all) {
      const at = now();
      names.add(instance);
      if (!instances.has(instance)) isChanged = true;
      instances.set(instance, { total: NO_SAMPLE, ...instances.get(instance), name: instance, apiUrl });
      for (const stream of all) hops.observe(at, instance, stream);
      streams.replace(at, instance, all, hops.current);
    },
    event(event) {
      if (hasDeliveries) activity.add(event);
      events.add(event);
    },
    log(line) {
      const parsed = logView(String(++logNumber), line);
      if (parsed === undefined) return;
      logs.put(parsed.view);
      const { requestId, source } = parsed.view;
      if (source !== "manager" || parsed.fields === undefined || requestId === undefined) return;
      hops.log({ at: line.at, instance: line.instance ?? "", requestId, fields: parsed.fields });
    },
    failures: replaceFailures,
    alarms: replaceAlarms,
    keep(kept) {
      for (const name of names) {
        if (kept.includes(name)) continue;
        streams.replace(now(), name, [], () => undefined);
        hops.end(now(), name);
        replaceFailures(name, []);
        replaceAlarms(name, []);
        if (instances.delete(name)) isChanged = true;
        names.delete(name);
      }
    },
    notice(id, text, what) {
      if (text === undefined) notices.remove(id);
      else if (notices.get(id)?.text !== text) notices.put({ id, level: "warn", text, what });
    },
    stream: (id) => streams.list.get(id),
    failure: (id) => failures.list.get(id),
    shownEvent: (id) => events.list.get(id),
    tick() {
      const at = now();
      if (at - sampledAt < SAMPLE_MS) return;
      sampledAt = at;
      const { update, totalOf } = streams.sample(at);
      for (const [name, view] of instances) instances.set(name, { ...view, total: totalOf(name) });
      isChanged = true;
      pending = update;
    },
    history: streams.history,
    snapshot: () => ({
      type: "snapshot",
      v: 1,
      at: now(),
      capabilities,
      limits: {
        hops: MAX_HOPS,
        events: MAX_EVENTS,
        failures: MAX_FAILURES,
        logs: MAX_LOGS,
        spark: SPARK,
        sampleMs: SAMPLE_MS,
        text: MAX_TEXT,
      },
      instances: [...instances.values()],
      sparks: streams.sparks(SPARK),
      streams: streams.list.all(),
      hops: hops.list.all(),
      events: events.list.all(),
      failures: failures.list.all(),
      logs: logs.all(),
      alarms: alarms.all(),
      notices: notices.all(),
      sampling: events.sampling(),
    }),
    update() {
      const taken = {
        streams: streams.list.take(MAX_ROWS),
        failures: failures.list.take(),
        alarms: alarms.take(),
        notices: notices.take(),
      };
      const sampling = events.sampling();
      const parts: Omit<Update, "type" | "at"> = {
        ...some("streams", taken.streams.changed),
        ...some("hops", hops.list.take().changed),
        ...some("events", events.list.take().changed),
        ...some("failures", taken.failures.changed),
        ...some("logs", logs.take().changed),
        ...some("alarms", taken.alarms.changed),
        ...some("notices", taken.notices.changed),
        ...(isChanged && { instances: [...instances.values()] }),
        ...(pending !== undefined && { sample: pending }),
        ...(sampling.seen !== seen && { sampling }),
        ...(Object.values(taken).some(({ removed }) => removed.length > 0) && {
          removed: {
            streams: taken.streams.removed,
            failures: taken.failures.removed,
            alarms: taken.alarms.removed,
            notices: taken.notices.removed,
          },
        }),
      };
      events.next();
      isChanged = false;
      pending = undefined;
      seen = sampling.seen;
      return Object.keys(parts).length === 0 ? undefined : { type: "update", at: now(), ...parts };
    },
  };
}

/** Omits an empty list. */
function some<Name extends string, T>(name: Name, entries: readonly T[]): Partial<Record<Name, readonly T[]>> {
  return entries.length === 0 ? {} : ({ [name]: entries } as Record<Name, readonly T[]>);
}
