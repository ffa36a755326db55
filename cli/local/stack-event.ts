import type { CloudEvent } from "../../local/index";
import { FAILURE_PREFIX, METRIC_NAMESPACE } from "../../runtime/contract";

/** What a user of the local stack wants to see happen. */
export type StackEvent =
  | { readonly kind: "log"; readonly functionName: string; readonly line: string }
  | { readonly kind: "hop"; readonly functionName: string }
  | { readonly kind: "handover"; readonly streamId: string; readonly mode: string; readonly gapMs?: number }
  | { readonly kind: "stored"; readonly streamId: string; readonly key: string }
  /** Written again: the table had it. */
  | { readonly kind: "repeated"; readonly streamId: string; readonly key: string }
  /** Delivered, and not to be delivered again: handled, unless it was parked before. */
  | { readonly kind: "processed"; readonly streamId: string; readonly key: string }
  /** The processor put it into the failure bucket. */
  | { readonly kind: "parked"; readonly streamId: string; readonly key: string }
  /** One delivery failed; it comes again, or goes to the failure bucket. */
  | { readonly kind: "failed"; readonly streamId: string; readonly key: string };

/** Names of `event` in the manager's log that mean something here (runtime/control/hop/log-events.ts). */
const HANDOVER = "handover";
const HOP_START = "hop-start";

/** Reads what the cloud reports as events of streams; `eventTables` names the event tables. */
export function stackEvents(event: CloudEvent, eventTables: ReadonlySet<string>): StackEvent[] {
  switch (event.kind) {
    case "record": {
      if (!eventTables.has(event.table) || event.eventName === "REMOVE") return [];
      return [{ kind: event.eventName === "INSERT" ? "stored" : "repeated", ...named(event.keys) }];
    }
    case "delivered": {
      const failed = new Set(event.failed);
      return event.records.map(({ keys }, at) => ({ kind: failed.has(at) ? "failed" : "processed", ...named(keys) }));
    }
    case "call":
      return event.action === "s3:PutObject" && event.status === 200 ? parked(event.resource) : [];
    case "log":
      return fromLog(event.functionName, event.line);
    default:
      return [];
  }
}

/** `arn:aws:s3:::BUCKET/failures/STREAM/KEY.json`, as the processor's wrapper names its objects. */
function parked(resource: string): StackEvent[] {
  const [, name = ""] = resource.split(`/${FAILURE_PREFIX}`);
  const [streamId, key] = name
    .replace(/\.json$/, "")
    .split("/")
    .map(decodeURIComponent);
  return streamId && key ? [{ kind: "parked", streamId, key }] : [];
}

function fromLog(functionName: string, line: string): StackEvent[] {
  const log: StackEvent = { kind: "log", functionName, line };
  const fields = json(line);
  // Metrics are for CloudWatch; everything they say is counted here from its source.
  if (fields?._aws !== undefined && line.includes(METRIC_NAMESPACE)) return [];
  if (fields?.event === HOP_START) return [log, { kind: "hop", functionName }];
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

/** With `events.slices` the table's partition key is `streamId#h`. */
function named(keys: Readonly<Record<string, string>>): { streamId: string; key: string } {
  return { streamId: (keys.streamId ?? "").replace(/#.*$/, ""), key: keys.key ?? "" };
}
