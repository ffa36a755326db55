import type { StreamView } from "./connection-api";
import { cut, displayWidth } from "./display-width";
import type { StreamActivity } from "./stream-activity";
import { type RunTotals, sumCounters } from "./totals";

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** One stream of the live view. */
export interface LiveStream extends StreamView {
  readonly activity: StreamActivity;
}

interface Column {
  readonly title: string;
  readonly cell: (stream: LiveStream) => string;
}

/** The last ones are omitted on a narrow terminal. */
const COLUMNS: readonly Column[] = [
  { title: "STATE", cell: ({ status }) => status },
  { title: "STORED/S", cell: ({ activity }) => rate(activity.perSecond) },
  { title: "LAG", cell: ({ activity }) => duration(activity.lagMs) },
  { title: "FAILED", cell: ({ activity }) => String(activity.failed) },
  { title: "IGNORED", cell: ({ counters }) => String(counters.ignored) },
  { title: "RECEIVED", cell: ({ counters }) => String(counters.received) },
  { title: "HOP", cell: ({ generation }) => String(generation) },
];
/** The state shows what is wrong, so it is always there. */
const MIN_COLUMNS = 1;
/** Longer names are cut before columns are omitted. */
const MAX_NAME = 24;
const GAP = "  ";
/** The line of totals, and one line below it for the cursor. */
const OTHER_ROWS = 2;

/** The streams in order of their names, and a line of totals. No line is wider than the terminal, and all fit on it. */
export function liveView(streams: readonly LiveStream[], totals: RunTotals, { columns, rows }: TerminalSize): string[] {
  const parts = totalParts(streams, totals);
  while (parts.length > 1 && parts.join(GAP).length > columns) parts.pop();
  const total = cut(parts.join(GAP), columns);
  const space = rows - OTHER_ROWS - 1;
  if (streams.length === 0 || space < 1) return [total];
  const sorted = [...streams].sort((a, b) => (labelOf(a) < labelOf(b) ? -1 : 1));
  const shown = sorted.length <= space ? sorted : sorted.slice(0, space - 1);
  const hidden = sorted.length - shown.length;
  const more = hidden > 0 ? [cut(`… and ${hidden} more streams: stream-ingestion list`, columns)] : [];
  return [...tableOf(shown, columns), ...more, total];
}

/** `instance/stream` */
export function labelOf({ instance, streamId }: Pick<StreamView, "instance" | "streamId">): string {
  return instance === undefined ? streamId : `${instance}/${streamId}`;
}

/** A line for a log file: what happened so far. */
export function totalLine(streams: readonly LiveStream[], totals: RunTotals): string {
  return totalParts(streams, totals).join(GAP);
}

function totalParts(streams: readonly LiveStream[], totals: RunTotals): string[] {
  const { received, ignored } = sumCounters(streams);
  const perSecond = streams.reduce((sum, { activity }) => sum + activity.perSecond, 0);
  const lagMs = Math.max(0, ...streams.map(({ activity }) => activity.lagMs));
  return [
    // The streams' own counters are some seconds old.
    `${Math.max(received, totals.stored)} received`,
    `${totals.stored} stored (${rate(perSecond)}/s)`,
    `${totals.processed} processed (lag ${duration(lagMs)})`,
    `${totals.failuresStored + totals.lost} failed`,
    `${totals.handovers} handovers`,
    `${ignored} ignored`,
  ];
}

function tableOf(streams: readonly LiveStream[], columns: number): string[] {
  const names = streams.map(labelOf);
  const cells = COLUMNS.map(({ title, cell }) => [title, ...streams.map(cell)]);
  const widths = cells.map((column) => Math.max(...column.map(({ length }) => length)));
  const longest = Math.max("STREAM".length, ...names.map(displayWidth));
  let count = COLUMNS.length;
  const widthOf = (shown: number) => widths.slice(0, shown).reduce((sum, width) => sum + width + GAP.length, 0);
  while (count > MIN_COLUMNS && widthOf(count) + Math.min(longest, MAX_NAME) > columns) count -= 1;
  const nameWidth = Math.max(1, Math.min(columns - widthOf(count), longest));
  return ["STREAM", ...names].map((name, row) => {
    const rest = cells.slice(0, count).map((column, i) => GAP + column[row]!.padStart(widths[i]!));
    const shown = cut(name, nameWidth);
    return cut(shown + " ".repeat(nameWidth - displayWidth(shown)) + rest.join(""), columns).trimEnd();
  });
}

function rate(perSecond: number): string {
  return perSecond >= 10 || perSecond === 0 ? perSecond.toFixed(0) : perSecond.toFixed(1);
}

function duration(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
