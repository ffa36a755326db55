import { EVENT_KEY, FAILURE_PREFIX, ITEM, METRIC_NAMESPACE, STREAM_ID_KEY } from "pulumi-stream-ingestion/internal";
import type { CloudEvent } from "stream-ingestion-local";

/** What every event has. */
interface Origin {
  /** Epoch milliseconds. */
  readonly at: number;
  /** Name of the `StreamIngestion`. Absent: the resource is not part of one. */
  readonly instance?: string;
  /** The invocation. Absent: the event does not come from one. */
  readonly requestId?: string;
}

/** Of an item that is a pack: its number of events. Absent: it is one event. */
interface Packed {
  readonly events?: number;
}

/** Of one delivery to the processor. */
interface Delivered {
  /** When its invocation began. Absent: this was not seen. */
  readonly deliveredAt?: number;
}

interface EventId {
  readonly streamId: string;
  readonly key: string;
}

/** An event of a stream on the local stack. */
export type StackEvent = Origin &
  (
    | { readonly kind: "log"; readonly functionName: string; readonly line: string; readonly streamId?: string }
    /** The code of a function could not be loaded. */
    | {
        readonly kind: "init-failed";
        readonly functionName: string;
        readonly error: { readonly errorType: string; readonly errorMessage: string };
      }
    | { readonly kind: "initialised"; readonly functionName: string }
    /** An AWS call that the caller's policy does not allow. */
    | { readonly kind: "denied"; readonly caller: string; readonly action: string; readonly resource: string }
    | { readonly kind: "hop"; readonly functionName: string }
    /** A hop ended without a successor, or was ended by Lambda: it did not keep up with its own times. */
    | { readonly kind: "hop-late"; readonly functionName: string }
    | { readonly kind: "handover"; readonly streamId: string; readonly mode: string; readonly gapMs?: number }
    | ({ readonly kind: "stored"; readonly image?: Readonly<Record<string, object>> } & EventId & Packed)
    /** Written again: it was in the table already. */
    | ({ readonly kind: "overwritten" } & EventId)
    /** Handled by the processor. */
    | ({ readonly kind: "processed" } & EventId & Packed & Delivered)
    /** The processor, or Lambda after its last attempt, stored it in the failure bucket. */
    | ({ readonly kind: "failure-stored" } & EventId & Packed)
    /** One delivery failed. Lambda repeats it, or sends it to the failure bucket. */
    | ({ readonly kind: "delivery-failed" } & EventId & Packed & Delivered)
    /** Lambda gave up on it, and it is not in the failure bucket. */
    | ({ readonly kind: "lost" } & EventId & Packed)
  );

/** Values of `event` in the connection manager's log (runtime/control/hop/log-events.ts). */
const HANDOVER = "handover";
const HOP_START = "hop-start";
const LEFT = "stream-left";
/** Values of `reason` in the line of {@link LEFT}. */
const LATE = ["no-successor", "lease-lost"];

/** How the events of a local cloud belong to a program. */
export interface Owners {
  /** Names of the event tables. */
  readonly eventTables: ReadonlySet<string>;
  /** Name of the `StreamIngestion` with this table or function. */
  readonly instanceOf?: (resource: string) => string | undefined;
  /** Names of the processors. */
  readonly processors?: ReadonlySet<string>;
}

/** Returns a function that maps each event of the local cloud to events of streams. */
export function stackEventReader({
  eventTables,
  instanceOf = () => undefined,
  processors = new Set(),
}: Owners): (event: CloudEvent) => StackEvent[] {
  /** The failures that each invocation stored. Their delivery succeeds, but they are not processed. */
  const failures = new Map<string, Set<string>>();
  /** The packs that are not delivered yet, with their number of events. */
  const packs = new Map<string, number>();
  /** When the running invocations of processors began. */
  const began = new Map<string, number>();

  const packed = (id: EventId): EventId & Packed => {
    const events = packs.get(idText(id));
    return events === undefined ? id : { ...id, events };
  };

  return (event) => {
    const { at } = event;
    switch (event.kind) {
      case "record": {
        if (!eventTables.has(event.table) || event.eventName === "REMOVE") return [];
        const { requestId, image } = event;
        const origin = { at, instance: instanceOf(event.table), requestId, ...eventIdOf(event.keys) };
        if (event.eventName !== "INSERT") return [{ kind: "overwritten", ...origin }];
        const events = eventsIn(image);
        if (events !== undefined) packs.set(idText(origin), events);
        return [{ kind: "stored", ...origin, image, ...(events !== undefined && { events }) }];
      }
      case "delivered": {
        const { requestId } = event;
        const deliveredAt = began.get(requestId);
        began.delete(requestId);
        const times = deliveredAt === undefined ? {} : { deliveredAt };
        const origin = { at, instance: instanceOf(event.functionName), requestId, ...times };
        const failed = new Set(event.failed);
        const stored = failures.get(requestId);
        failures.delete(requestId);
        const failedInPacks = failuresInPacks(stored ?? []);
        // The repeat counter receives modifications, the processor inserts.
        return event.records.flatMap(({ eventName, keys }, index): StackEvent[] => {
          const id = eventIdOf(keys);
          if (eventName !== "INSERT" || (stored?.has(idText(id)) && !failed.has(index))) return [];
          const size = packs.get(idText(id));
          const isFailed = failed.has(index);
          if (size === undefined) return [{ kind: isFailed ? "delivery-failed" : "processed", ...origin, ...id }];
          if (isFailed) return [{ kind: "delivery-failed", ...origin, ...id, events: size }];
          packs.delete(idText(id));
          // The failures of a pack's events are stored one by one, and do not name the pack.
          const failures = Math.min(size, failedInPacks.get(id.streamId) ?? 0);
          failedInPacks.set(id.streamId, (failedInPacks.get(id.streamId) ?? 0) - failures);
          return failures === size ? [] : [{ kind: "processed", ...origin, ...id, events: size - failures }];
        });
      }
      case "discarded": {
        const origin = { at, instance: instanceOf(event.functionName) };
        return event.records
          .filter(({ eventName }) => eventName === "INSERT")
          .map(({ keys }) => ({ kind: event.kept ? "failure-stored" : "lost", ...origin, ...packed(eventIdOf(keys)) }));
      }
      case "call": {
        const { action, resource, requestId } = event;
        const origin = { at, instance: instanceOf(event.caller), requestId };
        if (!event.allowed) return [{ kind: "denied", ...origin, caller: event.caller, action, resource }];
        const id = action === "s3:PutObject" && event.status === 200 ? failedEvent(resource) : undefined;
        // Without an invocation it is the operator, who rewrites an object.
        if (id === undefined || requestId === undefined) return [];
        failures.set(requestId, (failures.get(requestId) ?? new Set<string>()).add(idText(id)));
        // A pack that cannot be decoded is one failure.
        return [{ kind: "failure-stored", ...origin, ...packed(id) }];
      }
      case "init": {
        const { functionName, error } = event;
        const origin = { at, instance: instanceOf(functionName), functionName };
        return [error === undefined ? { kind: "initialised", ...origin } : { kind: "init-failed", ...origin, error }];
      }
      case "invocation": {
        const { functionName, requestId } = event;
        if (event.phase === "start" && processors.has(functionName)) began.set(requestId, at);
        if (event.phase !== "timeout" && event.phase !== "killed") return [];
        failures.delete(requestId);
        began.delete(requestId);
        if (event.phase === "killed" || processors.has(functionName)) return [];
        return [{ kind: "hop-late", at, instance: instanceOf(functionName), requestId, functionName }];
      }
      case "log":
        return fromLog(event, { at, instance: instanceOf(event.functionName), requestId: event.requestId });
    }
  };
}

/** A new item of an event table, as its change stream contains it. */
export function storedItem(instance: string, at: number, image: Readonly<Record<string, object>>): StackEvent {
  const text = (name: string) => (image[name] as { readonly S?: string } | undefined)?.S ?? "";
  const events = eventsIn(image);
  const id = eventIdOf({ streamId: text(STREAM_ID_KEY), key: text(EVENT_KEY) });
  return { kind: "stored", at, instance, ...id, image, ...(events !== undefined && { events }) };
}

/** From `arn:aws:s3:::BUCKET/failures/STREAM/KEY.json`, the object name that the processor's wrapper writes. */
function failedEvent(resource: string): EventId | undefined {
  const [, name = ""] = resource.split(`/${FAILURE_PREFIX}`);
  const [streamId, key] = name
    .replace(/\.json$/, "")
    .split("/")
    .map(decodeURIComponent);
  return streamId && key ? { streamId, key } : undefined;
}

function fromLog({ functionName, line }: Extract<CloudEvent, { kind: "log" }>, origin: Origin): StackEvent[] {
  const fields = json(line);
  const streamId = typeof fields?.streamId === "string" ? fields.streamId : undefined;
  const log: StackEvent = { kind: "log", ...origin, functionName, streamId, line };
  // Metrics are left out: these events count the same at their source.
  if (fields?._aws !== undefined && line.includes(METRIC_NAMESPACE)) return [];
  if (fields?.event === HOP_START) return [log, { kind: "hop", ...origin, functionName }];
  if (fields?.event === LEFT && LATE.includes(String(fields.reason)))
    return [log, { kind: "hop-late", ...origin, functionName }];
  if (fields?.event !== HANDOVER) return [log];
  const gapMs = typeof fields.gapMs === "number" ? fields.gapMs : undefined;
  return [log, { kind: "handover", ...origin, streamId: String(fields.streamId), mode: String(fields.mode), gapMs }];
}

function json(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** With `events.slices` the partition key is `streamId#slice`. */
function eventIdOf(keys: Readonly<Record<string, string>>): EventId {
  return { streamId: (keys.streamId ?? "").replace(/#.*$/, ""), key: keys.key ?? "" };
}

/** Undefined: the item is one event. */
export function eventsIn(image: Readonly<Record<string, object>> | undefined): number | undefined {
  const { N } = (image?.[ITEM.count] ?? {}) as { readonly N?: string };
  return N === undefined ? undefined : Number(N);
}

/** By stream: the failed events that were in packs. Their names contain the sequence after an "@". */
function failuresInPacks(ids: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const id of ids) {
    const [streamId = "", key = ""] = id.split("\n");
    if (key.includes("@")) counts.set(streamId, (counts.get(streamId) ?? 0) + 1);
  }
  return counts;
}

/** A stream id cannot contain a line feed. */
function idText({ streamId, key }: EventId): string {
  return `${streamId}\n${key}`;
}
