import type { RelaySettings } from "../runtime/contract";

/** What the identity of a deployment makes one event, for the output of `pulumi up`. */
export function identityInForce({
  identity,
  ttlDays,
  storage,
}: Pick<RelaySettings["events"], "identity" | "ttlDays" | "storage">): string {
  if (storage === "packed")
    return `events.storage is packed: every event of a connection is processed, also equal ones. events.identity is ${identity.kind}: it names events, so that a handover and a replay store nothing twice.`;
  const days = ttlDays === 1 ? "1 day" : `${ttlDays} days`;
  switch (identity.kind) {
    case "content":
      return `events.identity is content: of events with equal type and data within ${days}, only the first is processed. Choose another identity if equal events are different events.`;
    case "sse-id":
      return `events.identity is sse-id: of events with equal SSE ids within ${days}, only the first is processed. Events without an id are identified by content.`;
    case "pointer":
      return `events.identity is pointer: of events with an equal value at ${identity.pointer} within ${days}, only the first is processed. Events without that value are identified by content.`;
    case "arrival":
      return "events.identity is arrival: every received event is processed, also replays and the copies of a handover.";
  }
}
