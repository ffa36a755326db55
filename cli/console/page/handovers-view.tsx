import { useMemo } from "preact/hooks";
import type { HopView, StreamView } from "../protocol";
import { useConsole, useKept } from "./console-context";
import { Action, Filter } from "./field";
import { streamTest } from "./filter";
import { clock, countdown, duration, moment, seam, seconds } from "./format";
import { Grid } from "./grid";
import { useKeys } from "./keys";
import { Name } from "./name";
import { causeOf, hopsByStream, type Row, type TimeWindow, timelineRow, windowAt } from "./timeline";

const LENGTHS_MS = [15_000, 60_000, 300_000, 900_000, 3_600_000];
const MINUTE = 1;
/** With these, now is one of them. */
const TICKS = 6;

/** Each hop as a bar to scale, and below it the causes in words. */
export function HandoversView() {
  const { model, version, now, stream: selected, select } = useConsole();
  const [filter, setFilter] = useKept("handovers.filter", "");
  const [zoom, setZoom] = useKept("handovers.zoom", MINUTE);
  const length = LENGTHS_MS[zoom]!;
  const window = windowAt(now, length);
  const zoomBy = (step: number) => setZoom(Math.max(0, Math.min(LENGTHS_MS.length - 1, zoom + step)));
  useKeys({ "+": () => zoomBy(-1), "-": () => zoomBy(1), "−": () => zoomBy(1), Escape: () => select(undefined) });
  const hops = useMemo(() => hopsByStream(model.hops.values()), [version]);
  const streams = useMemo(
    () => [...model.streams.values()].filter(streamTest(filter)).sort((a, b) => (a.id < b.id ? -1 : 1)),
    [version, filter],
  );
  const changes = useMemo(() => {
    const list = selected === undefined ? [...model.hops.values()] : (hops.get(selected) ?? []);
    return list.toSorted((a, b) => b.from - a.from);
  }, [version, selected]);

  return (
    <div class="stack">
      <div class="bar">
        <Filter label="Filter streams" value={filter} onValue={setFilter} placeholder="name or state" first />
        <Action text="Zoom in" shortcut="+" disabled={zoom === 0} onClick={() => zoomBy(-1)} />
        <Action text="Zoom out" shortcut="−" disabled={zoom === LENGTHS_MS.length - 1} onClick={() => zoomBy(1)} />
        <span class="quiet">{duration(length)} in sight</span>
        <span class="legend">
          <i class="swatch hop" /> hop <i class="swatch overlap" /> overlap <i class="swatch gap" /> gap{" "}
          <i class="swatch next" /> next handover
        </span>
      </div>
      <div class="timeline">
        <Grid
          label="Handover timeline"
          rowHeight={34}
          columns={[
            {
              title: "Stream",
              width: "minmax(96px, 1fr)",
              cell: ({ id }: StreamView) => <Name text={id} />,
            },
            {
              title: "Time",
              width: "minmax(0, 4fr)",
              heading: <Scale {...{ window, now }} />,
              kind: "wide",
              cell: (stream) => <Bars {...{ stream, hops, window, now }} />,
            },
            {
              title: "Next handover",
              width: "94px",
              from: 600,
              kind: "number",
              cell: ({ hop }) => (hop?.handoverAt === undefined ? "–" : countdown(hop.handoverAt - now)),
            },
          ]}
          rows={streams}
          id={({ id }) => id}
          selected={selected}
          onSelect={select}
          empty={<strong>No stream to show</strong>}
        />
      </div>
      <Grid
        label="Changes of the hop"
        columns={[
          { title: "Began", width: "92px", cell: ({ from }: HopView) => moment(from, now) },
          { title: "Stream", width: "minmax(80px, 1fr)", cell: ({ stream }) => <Name text={stream} /> },
          { title: "Cause", width: "minmax(110px, 1.2fr)", cell: causeOf },
          { title: "Overlap or gap", width: "130px", from: 520, cell: ({ gapMs }) => seam(gapMs) },
          {
            title: "Both open",
            hint: "How long both connections were open",
            width: "80px",
            from: 760,
            kind: "number",
            cell: ({ overlapMs }) => duration(overlapMs),
          },
          {
            title: "Length",
            width: "90px",
            from: 640,
            kind: "number",
            cell: ({ from, to }) => seconds((to ?? now) - from),
          },
          {
            title: "Ended",
            width: "minmax(100px, 1fr)",
            from: 760,
            cell: ({ ended, to }) => ended?.replaceAll("-", " ") ?? <span class="quiet">{to ? "–" : "runs"}</span>,
          },
        ]}
        rows={changes}
        id={({ id }) => id}
        selected={undefined}
        onSelect={(id) => select(model.hops.get(id)?.stream)}
        empty={
          <>
            <strong>No hop seen yet</strong>
            <p>A hop begins when a stream starts, and ends with a handover to the next one.</p>
          </>
        }
      />
    </div>
  );
}

interface BarsProps {
  readonly stream: StreamView;
  readonly hops: ReadonlyMap<string, readonly HopView[]>;
  readonly window: TimeWindow;
  readonly now: number;
}

function Bars({ stream, hops, window, now }: BarsProps) {
  const row = timelineRow(hops.get(stream.id) ?? [], window, now, stream);
  const present = (100 * (now - window.from)) / (window.to - window.from);
  return (
    <svg class="bars" preserveAspectRatio="none" viewBox="0 0 100 30" role="img" aria-label={describe(row)}>
      {row.bars.map(({ hop, lane, left, width }) => (
        <rect
          key={hop.id}
          class={hop.to === undefined ? "hop runs" : "hop"}
          x={left}
          width={Math.max(0.1, width)}
          y={lane === 0 ? 3 : 16}
          height={11}
        >
          <title>{`${causeOf(hop)} at ${clock(hop.from)}, ${seam(hop.gapMs)}, ${hop.ended ?? "runs"}`}</title>
        </rect>
      ))}
      {row.seams.map(({ id, kind, left, width }) => (
        <rect key={id} class={kind} x={left} width={Math.max(0.15, width)} y={1} height={28} />
      ))}
      <line class="now" x1={present} x2={present} y1={0} y2={30} />
      {row.next !== undefined && <line class="next" x1={row.next} x2={row.next} y1={0} y2={30} />}
    </svg>
  );
}

function describe({ bars, seams }: Row): string {
  const gaps = seams.filter(({ kind }) => kind === "gap").length;
  return `${bars.length} hops, ${seams.length - gaps} overlaps, ${gaps} gaps`;
}

function ageText(at: number, now: number): string {
  if (Math.abs(at - now) < 500) return "now";
  return at < now ? `${seconds(now - at)} ago` : `in ${seconds(at - now)}`;
}

function Scale({ window: { from, to }, now }: { readonly window: TimeWindow; readonly now: number }) {
  const times = Array.from({ length: TICKS }, (_, i) => from + ((to - from) * i) / (TICKS - 1));
  return (
    <span class="scale">
      {times.map((at, i) => (
        <span key={i}>{ageText(at, now)}</span>
      ))}
    </span>
  );
}
