import type { StackEvent } from "../local/stack-event";
import { activityCounter } from "../local/stream-activity";
import { changeList } from "./change-list";
import { eventPaths, MAX_EVENTS } from "./event-paths";
import { hopTimeline, MAX_HOPS } from "./hop-timeline";
import { type FunctionLine, logView } from "./log-view";
import { MAX_TEXT } from "./payload";
import type {
  AlarmView,
  Capabilities,
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
import { type RateMeter, rateMeter } from "./rate-meter";
import { round, SAMPLE_MS, type SampleHistory, sampleHistory, sumSamples } from "./sample-history";
import { type ConnectionState, refOf, streamView } from "./stream-view";

export const MAX_FAILURES = 500;
const MAX_LOGS = 1_000;
const SPARK = 60;
/** Rows of an update. The others follow in the next one. */
const MAX_ROWS = 250;
const NO_SAMPLE: Sample = { inPerSecond: 0, storedPerSecond: 0 };

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
  /** A notice with the same id is replaced; without text it is removed. */
  notice(id: string, text?: string): void;
  unavailable(what: keyof Capabilities["unavailable"], reason?: string): void;
  stream(id: string): StreamView | undefined;
  failure(id: string): FailureView | undefined;
  snapshot(): Snapshot;
  /** What changed since the last update. Undefined: nothing. */
  update(): Update | undefined;
  /** Takes a sample of the rates when one is due. */
  tick(): void;
  /** Undefined: no such stream. */
  history(id?: string): History | undefined;
}

interface Meters {
  readonly received: RateMeter;
  readonly stored: RateMeter;
  readonly history: SampleHistory;
  sample: Sample;
}

export function consoleState(initial: Capabilities, now: () => number): ConsoleState {
  /** Whether the feed reports each delivery, from which the rates are measured. Otherwise they come from the counters. */
  const hasDeliveries = initial.unavailable.deliveries === undefined;
  let capabilities = initial;
  let isChanged = { capabilities: false, instances: false };
  const lists = {
    streams: changeList<StreamView>(),
    failures: changeList<FailureView>(MAX_FAILURES),
    logs: changeList<LogView>(MAX_LOGS),
    alarms: changeList<AlarmView>(),
    notices: changeList<NoticeView>(),
  };
  const hops = hopTimeline();
  const events = eventPaths();
  const activity = activityCounter(now);
  const meters = new Map<string, Meters>();
  const instances = new Map<string, InstanceView>();
  const all = sampleHistory();
  /** Failed events by stream. */
  const failed = new Map<string, number>();
  let logNumber = 0;
  let sampledAt = now();
  let pending: Update["sample"];
  let seen = -1;

  function metersOf(id: string): Meters {
    let found = meters.get(id);
    if (found === undefined) {
      found = { received: rateMeter(), stored: rateMeter(), history: sampleHistory(), sample: NO_SAMPLE };
      meters.set(id, found);
    }
    return found;
  }

  function put(entry: StreamView): void {
    const before = lists.streams.get(entry.id);
    if (JSON.stringify(before) !== JSON.stringify(entry)) lists.streams.put(entry);
  }

  function sampleOf({ id, instance, streamId }: StreamView, at: number): Sample {
    const { received, stored } = metersOf(id);
    const inPerSecond = round(received.rate(at));
    if (!hasDeliveries) return { inPerSecond, storedPerSecond: round(stored.rate(at)) };
    const { perSecond, processedPerSecond, lagMs } = activity.look(instance, streamId);
    return { inPerSecond, storedPerSecond: round(perSecond), processedPerSecond: round(processedPerSecond), lagMs };
  }

  function takeSample(at: number): void {
    const samples = lists.streams.all().map((stream) => {
      const sample = sampleOf(stream, at);
      const own = metersOf(stream.id);
      own.sample = sample;
      own.history.add(at, sample);
      put({ ...stream, rates: sample });
      return { stream, sample };
    });
    const total = sumSamples(samples.map(({ sample }) => sample));
    all.add(at, total);
    for (const [name, view] of instances) {
      const own = samples.flatMap(({ stream, sample }) => (stream.instance === name ? [sample] : []));
      instances.set(name, { ...view, total: sumSamples(own) });
    }
    isChanged.instances = true;
    const moving = samples.filter(({ sample }) => Object.values(sample).some((value) => value > 0));
    pending = { at, total, streams: Object.fromEntries(moving.map(({ stream, sample }) => [stream.id, sample])) };
  }

  return {
    streams(instance, apiUrl, streams) {
      const at = now();
      if (!instances.has(instance)) isChanged.instances = true;
      instances.set(instance, { total: NO_SAMPLE, ...instances.get(instance), name: instance, apiUrl });
      const ids = new Set<string>();
      for (const stream of streams) {
        const id = refOf(instance, stream.streamId);
        ids.add(id);
        const { received, stored, sample } = metersOf(id);
        received.observe(at, stream.counters.received);
        stored.observe(at, stream.counters.stored);
        hops.observe(at, instance, stream);
        const context = { at, rates: sample, failures: failed.get(id) ?? 0, hop: hops.current(id) };
        put(streamView(instance, stream, { ...context, before: lists.streams.get(id) }));
      }
      for (const { id, instance: of } of lists.streams.all()) {
        if (of !== instance || ids.has(id)) continue;
        lists.streams.remove(id);
        meters.delete(id);
      }
    },
    event(event) {
      if (hasDeliveries) activity.add(event);
      events.add(event);
    },
    log(line) {
      const parsed = logView(String(++logNumber), line);
      if (parsed === undefined) return;
      lists.logs.put(parsed.view);
      const { requestId, source } = parsed.view;
      if (source !== "manager" || parsed.fields === undefined || requestId === undefined) return;
      hops.log({ at: line.at, instance: line.instance ?? "", requestId, fields: parsed.fields });
    },
    failures(instance, failures) {
      const prefix = `${instance}/`;
      const ids = new Set(failures.map(({ id }) => id));
      for (const { id, stream } of lists.failures.all())
        if (stream.startsWith(prefix) && !ids.has(id)) lists.failures.remove(id);
      for (const failure of failures)
        if (JSON.stringify(lists.failures.get(failure.id)) !== JSON.stringify(failure)) lists.failures.put(failure);
      for (const id of failed.keys()) if (id.startsWith(prefix)) failed.delete(id);
      for (const { stream } of failures) failed.set(stream, (failed.get(stream) ?? 0) + 1);
      for (const stream of lists.streams.all())
        if (stream.instance === instance) put({ ...stream, failures: failed.get(stream.id) ?? 0 });
    },
    alarms(_instance, alarms) {
      for (const alarm of alarms) {
        const before = lists.alarms.get(alarm.id);
        const since = alarm.since ?? (before?.state === alarm.state ? before.since : now());
        if (before?.state !== alarm.state) lists.alarms.put({ ...alarm, since });
      }
    },
    notice(id, text) {
      if (text === undefined) lists.notices.remove(id);
      else if (lists.notices.get(id)?.text !== text) lists.notices.put({ id, level: "warn", text });
    },
    unavailable(what, reason) {
      if (capabilities.unavailable[what] === reason) return;
      capabilities = { ...capabilities, unavailable: { ...capabilities.unavailable, [what]: reason } };
      isChanged.capabilities = true;
    },
    stream: (id) => lists.streams.get(id),
    failure: (id) => lists.failures.get(id),
    tick() {
      const at = now();
      if (at - sampledAt < SAMPLE_MS) return;
      sampledAt = at;
      takeSample(at);
    },
    history: (id) => (id === undefined ? all.read() : meters.get(id)?.history.read(id)),
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
      sparks: Object.fromEntries([...meters].map(([id, { history }]) => [id, history.spark(SPARK)])),
      streams: lists.streams.all(),
      hops: hops.list.all(),
      events: events.list.all(),
      failures: lists.failures.all(),
      logs: lists.logs.all(),
      alarms: lists.alarms.all(),
      notices: lists.notices.all(),
      sampling: events.sampling(),
    }),
    update() {
      const streams = lists.streams.take(MAX_ROWS);
      const failures = lists.failures.take();
      const notices = lists.notices.take();
      const sampling = events.sampling();
      const parts: Omit<Update, "type" | "at"> = {
        ...some("streams", streams.changed),
        ...some("hops", hops.list.take().changed),
        ...some("events", events.list.take().changed),
        ...some("failures", failures.changed),
        ...some("logs", lists.logs.take().changed),
        ...some("alarms", lists.alarms.take().changed),
        ...some("notices", notices.changed),
        ...(isChanged.instances && { instances: [...instances.values()] }),
        ...(isChanged.capabilities && { capabilities }),
        ...(pending !== undefined && { sample: pending }),
        ...(sampling.seen !== seen && { sampling }),
        ...([streams, failures, notices].some(({ removed }) => removed.length > 0) && {
          removed: { streams: streams.removed, failures: failures.removed, notices: notices.removed },
        }),
      };
      events.next();
      isChanged = { capabilities: false, instances: false };
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
