import type { HopStream } from "../../contract";
import type { HopInvocation } from "./deps";
import { timingFor } from "./timing";

/** Streams of a hop begin this far apart, unless there are too many for `spreadMs`. */
const APART_MS = 300;

/** What is constant during a hop. */
export function frameOf(
  streams: readonly HopStream[],
  hop: { readonly enteredAt: number; readonly deadlineAt: number; readonly id: string },
  { endsChain, sharing }: { readonly endsChain: boolean; readonly sharing: boolean },
): HopInvocation {
  const { enteredAt, deadlineAt, id } = hop;
  const timing = timingFor(deadlineAt - enteredAt);
  const handoverMs = timing.leadMs + spread(streams.length, timing.spreadMs);
  const phaseMs = Math.floor(timing.phaseMs * shareOf(streams[0]!.streamId));
  // The watchdog needs more time than a hop that invokes its successor itself.
  const handoverAt = deadlineAt - handoverMs - phaseMs - (endsChain ? timing.watchdogMs : 0);
  return { enteredAt, deadlineAt, timing, hop: id, handoverAt, phaseMs, handoverMs, sharing, endsChain };
}

/** When the stream at this position of the payload begins. */
export function beginsAfter(position: number, streams: number, { timing }: HopInvocation): number {
  return streams === 1 ? 0 : Math.floor((spread(streams, timing.spreadMs) * position) / streams);
}

function spread(streams: number, spreadMs: number): number {
  return streams === 1 ? 0 : Math.min(spreadMs, streams * APART_MS);
}

/** FNV-1a of the id, as a number from 0 to 1: the handovers of a deployment spread, and each hop keeps its phase. */
function shareOf(streamId: string): number {
  let hash = 0x811c9dc5;
  for (const character of streamId) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193) >>> 0;
  return hash / 2 ** 32;
}
