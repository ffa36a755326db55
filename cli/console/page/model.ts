import type {
  AlarmView,
  Capabilities,
  EventView,
  FailureView,
  HopView,
  InstanceView,
  Limits,
  LogView,
  NoticeView,
  Sample,
  Sampling,
  ServerMessage,
  StreamView,
  Update,
} from "../protocol";

/** All that the page knows. {@link applyMessage} changes it in place, because an update touches few of 1,000 streams. */
export interface Model {
  /** Increases with each message. */
  version: number;
  /** The server's clock minus the page's clock. */
  skewMs: number;
  capabilities: Capabilities;
  limits: Limits;
  instances: readonly InstanceView[];
  sampling: Sampling;
  /** The latest sample of all streams together and by stream, with the time at which it was taken. */
  sample?: Update["sample"];
  /** Events received a second, oldest first, by stream. */
  readonly sparks: Map<string, number[]>;
  readonly streams: Map<string, StreamView>;
  readonly hops: Map<string, HopView>;
  readonly events: Map<string, EventView>;
  readonly failures: Map<string, FailureView>;
  readonly logs: Map<string, LogView>;
  readonly alarms: Map<string, AlarmView>;
  readonly notices: Map<string, NoticeView>;
}

const NOTHING: Sample = { inPerSecond: 0, storedPerSecond: 0 };

/** The model after a message. A snapshot makes a new one; an update before the first snapshot is ignored. */
export function applyMessage(model: Model | undefined, message: ServerMessage, now: number): Model | undefined {
  if (message.type === "snapshot") {
    const { capabilities, limits, instances, sampling } = message;
    return {
      version: (model?.version ?? 0) + 1,
      skewMs: message.at - now,
      capabilities,
      limits,
      instances,
      sampling,
      sparks: new Map(Object.entries(message.sparks).map(([id, values]) => [id, values.slice(-limits.spark)])),
      streams: byId(message.streams),
      hops: put(new Map(), message.hops, limits.hops),
      events: put(new Map(), message.events, limits.events),
      failures: put(new Map(), message.failures, limits.failures),
      logs: put(new Map(), message.logs, limits.logs),
      alarms: byId(message.alarms),
      notices: byId(message.notices),
    };
  }
  if (model === undefined) return undefined;
  const { limits } = model;
  model.version += 1;
  model.skewMs = message.at - now;
  model.instances = message.instances ?? model.instances;
  model.sampling = message.sampling ?? model.sampling;
  put(model.streams, message.streams, Number.POSITIVE_INFINITY);
  put(model.hops, message.hops, limits.hops);
  put(model.events, message.events, limits.events);
  put(model.failures, message.failures, limits.failures);
  put(model.logs, message.logs, limits.logs);
  put(model.alarms, message.alarms, Number.POSITIVE_INFINITY);
  put(model.notices, message.notices, Number.POSITIVE_INFINITY);
  const { streams = [], failures = [], alarms = [], notices = [] } = message.removed ?? {};
  for (const id of streams) {
    model.streams.delete(id);
    model.sparks.delete(id);
  }
  for (const id of failures) model.failures.delete(id);
  for (const id of alarms) model.alarms.delete(id);
  for (const id of notices) model.notices.delete(id);
  if (message.sample !== undefined) {
    model.sample = message.sample;
    for (const id of model.streams.keys()) {
      const spark = model.sparks.get(id) ?? [];
      spark.push((message.sample.streams[id] ?? NOTHING).inPerSecond);
      spark.splice(0, spark.length - limits.spark);
      model.sparks.set(id, spark);
    }
  }
  return model;
}

function byId<T extends { readonly id: string }>(entries: readonly T[]): Map<string, T> {
  return put(new Map(), entries, Number.POSITIVE_INFINITY);
}

/** An entry replaces the one with the same id at its place, or is the newest. The oldest ones over the limit are dropped. */
function put<T extends { readonly id: string }>(
  map: Map<string, T>,
  entries: readonly T[] = [],
  limit: number,
): Map<string, T> {
  for (const entry of entries) map.set(entry.id, entry);
  for (const id of map.keys()) {
    if (map.size <= limit) break;
    map.delete(id);
  }
  return map;
}
