import { FAILURE_PREFIX, METRIC_NAMESPACE } from "pulumi-stream-ingestion/internal";
import type { CloudEvent } from "stream-ingestion-local";

/** An event of a stream on the local stack. */
export type StackEvent =
  | { readonly kind: "log"; readonly functionName: string; readonly line: string }
  | { readonly kind: "hop"; readonly functionName: string }
  /** A hop ended without a successor, or was ended by Lambda: it did not keep up with its own times. */
  | { readonly kind: "hop-late"; readonly functionName: string }
  | { readonly kind: "handover"; readonly streamId: string; readonly mode: string; readonly gapMs?: number }
  | { readonly kind: "stored"; readonly streamId: string; readonly key: string }
  /** Written again: it was in the table already. */
  | { readonly kind: "overwritten"; readonly streamId: string; readonly key: string }
  /** Delivered successfully: handled, unless a `failure-stored` came before. */
  | { readonly kind: "processed"; readonly streamId: string; readonly key: string }
  /** The processor stored it in the failure bucket. */
  | { readonly kind: "failure-stored"; readonly streamId: string; readonly key: string }
  /** One delivery failed. Lambda repeats it, or sends it to the failure bucket. */
  | { readonly kind: "delivery-failed"; readonly streamId: string; readonly key: string };

/** Values of `event` in the connection manager's log (runtime/control/hop/log-events.ts). */
const HANDOVER = "handover";
const HOP_START = "hop-start";
const LEFT = "stream-left";
/** Values of `reason` in the line of {@link LEFT}. */
const LATE = ["no-successor", "lease-lost"];

/** Maps an event of the local cloud to events of streams. @param eventTables names of the event tables */
export function stackEvents(event: CloudEvent, eventTables: ReadonlySet<string>): StackEvent[] {
  switch (event.kind) {
    case "record": {
      if (!eventTables.has(event.table) || event.eventName === "REMOVE") return [];
      return [{ kind: event.eventName === "INSERT" ? "stored" : "overwritten", ...eventIdOf(event.keys) }];
    }
    case "delivered": {
      const failed = new Set(event.failed);
      // The repeat counter receives modifications, the processor inserts.
      return event.records.flatMap(({ eventName, keys }, at) =>
        eventName === "INSERT" ? [{ kind: failed.has(at) ? "delivery-failed" : "processed", ...eventIdOf(keys) }] : [],
      );
    }
    case "call":
      return event.action === "s3:PutObject" && event.status === 200 ? failureStored(event.resource) : [];
    case "invocation":
      return event.phase === "timeout" ? [{ kind: "hop-late", functionName: event.functionName }] : [];
    case "log":
      return fromLog(event.functionName, event.line);
    default:
      return [];
  }
}

/** From `arn:aws:s3:::BUCKET/failures/STREAM/KEY.json`, the object name that the processor's wrapper writes. */
function failureStored(resource: string): StackEvent[] {
  const [, name = ""] = resource.split(`/${FAILURE_PREFIX}`);
  const [streamId, key] = name
    .replace(/\.json$/, "")
    .split("/")
    .map(decodeURIComponent);
  return streamId && key ? [{ kind: "failure-stored", streamId, key }] : [];
}

function fromLog(functionName: string, line: string): StackEvent[] {
  const log: StackEvent = { kind: "log", functionName, line };
  const fields = json(line);
  // Metrics are left out: these events count the same at their source.
  if (fields?._aws !== undefined && line.includes(METRIC_NAMESPACE)) return [];
  if (fields?.event === HOP_START) return [log, { kind: "hop", functionName }];
  if (fields?.event === LEFT && LATE.includes(String(fields.reason))) return [log, { kind: "hop-late", functionName }];
  if (fields?.event !== HANDOVER) return [log];
  const gapMs = typeof fields.gapMs === "number" ? fields.gapMs : undefined;
  return [log, { kind: "handover", streamId: String(fields.streamId), mode: String(fields.mode), gapMs }];
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
function eventIdOf(keys: Readonly<Record<string, string>>): { streamId: string; key: string } {
  return { streamId: (keys.streamId ?? "").replace(/#.*$/, ""), key: keys.key ?? "" };
}
