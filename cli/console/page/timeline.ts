import type { HopView, StreamView } from "../protocol";

export interface TimeWindow {
  readonly from: number;
  readonly to: number;
}

/** Positions are percent of the window's length. */
interface Span {
  readonly left: number;
  readonly width: number;
}

export interface Bar extends Span {
  readonly hop: HopView;
  /** Bars that overlap in time are in alternate lanes. */
  readonly lane: 0 | 1;
}

export interface Seam extends Span {
  readonly kind: "overlap" | "gap";
  readonly id: string;
}

export interface Row {
  readonly bars: readonly Bar[];
  readonly seams: readonly Seam[];
  /** Where the next handover is. */
  readonly next?: number;
}

/** The part of the window after now, for the next handovers. */
const AHEAD = 0.2;

export function windowAt(now: number, lengthMs: number): TimeWindow {
  return { from: now - lengthMs * (1 - AHEAD), to: now + lengthMs * AHEAD };
}

/** The hops of each stream, oldest first. */
export function hopsByStream(hops: Iterable<HopView>): Map<string, HopView[]> {
  const streams = new Map<string, HopView[]>();
  for (const hop of hops) {
    const list = streams.get(hop.stream);
    if (list === undefined) streams.set(hop.stream, [hop]);
    else list.push(hop);
  }
  for (const list of streams.values()) list.sort((a, b) => a.from - b.from || a.generation - b.generation);
  return streams;
}

/** One stream's row of the timeline. A hop that still runs ends now. */
export function timelineRow(hops: readonly HopView[], { from, to }: TimeWindow, now: number, stream?: StreamView): Row {
  const percent = (at: number) => (100 * (at - from)) / (to - from);
  const span = (start: number, end: number): Span => {
    const left = Math.max(0, percent(start));
    return { left, width: Math.max(0, Math.min(100, percent(end)) - left) };
  };
  const isVisible = (start: number, end: number) => end >= from && start <= to;
  const endOf = (hop: HopView) => hop.to ?? now;

  const bars = hops.flatMap((hop, number): Bar[] =>
    isVisible(hop.from, endOf(hop))
      ? [{ hop, lane: (number + hops.length) % 2 === 0 ? 0 : 1, ...span(hop.from, endOf(hop)) }]
      : [],
  );
  const seams = hops.slice(1).flatMap((hop, number): Seam[] => {
    const left = endOf(hops[number]!);
    const start = Math.min(left, hop.from);
    const end = Math.max(left, hop.from);
    if (hop.began === "start" || start === end || !isVisible(start, end)) return [];
    return [{ id: hop.id, kind: left > hop.from ? "overlap" : "gap", ...span(start, end) }];
  });
  const planned = stream?.hop?.handoverAt ?? hops.findLast((hop) => hop.to === undefined)?.handoverAt;
  if (planned === undefined || planned > to) return { bars, seams };
  // One that is due has not happened yet.
  return { bars, seams, next: percent(Math.max(planned, now)) };
}

const CAUSES: Readonly<Record<HopView["began"], string>> = {
  start: "started",
  handover: "handover",
  "after-a-gap": "resumed after a gap",
};

/** Why a hop began, in words. */
export function causeOf({ began, mode }: HopView): string {
  return mode === undefined ? CAUSES[began] : `${CAUSES[began]}, ${mode}`;
}
