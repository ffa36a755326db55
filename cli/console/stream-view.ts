import { type ConnectionView, unaccounted } from "pulumi-stream-ingestion/internal";
import { asDesired, stateOf } from "../connection-text";
import { cut } from "./payload";
import type { Sample, StreamRef, StreamState, StreamView } from "./protocol";

/** A stream of one instance, as the connection API returns it. */
export type ConnectionState = Pick<
  ConnectionView,
  | "streamId"
  | "desired"
  | "status"
  | "live"
  | "declared"
  | "generation"
  | "attempt"
  | "counters"
  | "connectedSince"
  | "lastByteAt"
  | "retryAt"
  | "checkpoint"
  | "lastError"
  | "handover"
>;

export function refOf(instance: string | undefined, streamId: string): StreamRef {
  return `${instance ?? ""}/${streamId}`;
}

/** What the console knows of a stream beyond its row. */
export interface StreamContext {
  readonly at: number;
  readonly rates: Sample;
  readonly failures: number;
  readonly hop?: StreamView["hop"];
  /** The entry that it replaces. */
  readonly before?: StreamView;
}

export function streamView(
  instance: string,
  stream: ConnectionState,
  { at, rates, failures, hop, before }: StreamContext,
): StreamView {
  const { streamId, desired, declared, generation, attempt, counters, lastError, checkpoint, handover } = stream;
  const state = stateOf(stream) as StreamState;
  const isSame = before?.state === state;
  const connectedSince = time(stream.connectedSince);
  return {
    id: refOf(instance, streamId),
    instance,
    streamId,
    state,
    since: isSame ? before.since : before === undefined && state === "open" ? (connectedSince ?? at) : at,
    asDesired: asDesired(stream),
    desired,
    declared,
    generation,
    rates,
    failures,
    connectedSince,
    lastByteAt: time(stream.lastByteAt),
    retryAt: time(stream.retryAt),
    attempt,
    checkpoint: checkpoint && cut(checkpoint),
    lastError: lastError && { code: lastError.code, message: cut(lastError.message), at: Date.parse(lastError.at) },
    counters: { ...counters, unaccounted: unaccounted(counters) },
    handovers: handover && {
      count: handover.count,
      lastGapMs: handover.lastGapMs,
      maxGapMs: handover.maxGapMs,
    },
    hop,
  };
}

function time(iso: string | undefined): number | undefined {
  return iso === undefined ? undefined : Date.parse(iso);
}
