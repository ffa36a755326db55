import { useMemo } from "preact/hooks";
import type { StreamView } from "../protocol";
import { useConsole, useKept } from "./console-context";
import { Filter } from "./field";
import { streamTest } from "./filter";
import { count, countdown, duration, rate, seconds } from "./format";
import { type Column, Grid } from "./grid";
import { useKeys } from "./keys";
import { Name } from "./name";
import { Sparkline } from "./sparkline";
import { StreamDetail, StreamState, useStreamCommands } from "./stream-detail";

type Row = { readonly stream: StreamView } | { readonly instance: string; readonly streams: number };

/** The streams by instance, and one of them in detail. */
export function StreamsView() {
  const { model, version, now, stream: selected, select } = useConsole();
  const [filter, setFilter] = useKept("streams.filter", "");
  const rows = useMemo(() => {
    const instances = filter.trim() === "" ? model.instances.map(({ name }) => name) : [];
    return rowsOf([...model.streams.values()].filter(streamTest(filter)), instances);
  }, [version, filter]);
  const stream = selected === undefined ? undefined : model.streams.get(selected);
  const commands = useStreamCommands(stream);
  useKeys({ ...commands.keys, Escape: () => select(undefined) });

  const of = (cell: (stream: StreamView) => preact.ComponentChildren) => (row: Row) =>
    "stream" in row ? cell(row.stream) : null;
  const { unavailable } = model.capabilities;
  const columns: Column<Row>[] = [
    {
      title: "Stream",
      width: "minmax(96px, 2fr)",
      cell: (row) =>
        "stream" in row ? (
          <Name text={row.stream.streamId} />
        ) : (
          <strong>
            {row.instance} <span class="quiet">{row.streams === 0 ? "no stream started yet" : count(row.streams)}</span>
          </strong>
        ),
    },
    {
      title: "State",
      hint: "State, and since when",
      width: "minmax(150px, 1fr)",
      cell: of((one) => (
        <>
          <StreamState stream={one} /> <span class="quiet">{seconds(now - one.since)}</span>
        </>
      )),
    },
    {
      title: "Recent",
      hint: "Events received a second",
      width: "64px",
      from: 700,
      cell: of(({ id }) => <Sparkline values={model.sparks.get(id) ?? []} />),
    },
    { title: "In/s", width: "44px", kind: "number", cell: of(({ rates }) => rate(rates.inPerSecond)) },
    {
      title: "Stored/s",
      width: "58px",
      from: 560,
      kind: "number",
      cell: of(({ rates }) => rate(rates.storedPerSecond)),
    },
    {
      title: "Processed/s",
      hint: unavailable.processedPerSecond,
      width: "78px",
      from: 640,
      kind: "number",
      cell: of(({ rates }) => rate(rates.processedPerSecond)),
    },
    {
      title: "Lag",
      hint: unavailable.lag ?? "From storage to processing",
      width: "62px",
      from: 480,
      kind: "number",
      cell: of(({ rates }) => duration(rates.lagMs)),
    },
    {
      title: "Failed",
      hint: "Events in the failure bucket",
      width: "44px",
      from: 360,
      kind: "number",
      cell: of(({ failures }) => (failures > 0 ? <span class="bad">{count(failures)}</span> : "0")),
    },
    {
      title: "Last byte",
      width: "60px",
      from: 800,
      kind: "number",
      cell: of(({ lastByteAt }) => (lastByteAt === undefined ? "–" : seconds(now - lastByteAt))),
    },
    {
      title: "Next",
      hint: "Time until the next handover or attempt",
      width: "96px",
      from: 840,
      kind: "number",
      cell: of((one) => <Next stream={one} now={now} />),
    },
  ];
  return (
    <div class="split">
      <section class="list">
        <div class="bar">
          <Filter label="Filter streams" value={filter} onValue={setFilter} placeholder="name or state" first />
          <span class="quiet">
            {count(rows.filter((row) => "stream" in row).length)} of {count(model.streams.size)} streams
          </span>
        </div>
        <Grid
          label="Streams"
          columns={columns}
          rows={rows}
          id={(row) => ("stream" in row ? row.stream.id : row.instance)}
          selected={selected}
          onSelect={select}
          isSelectable={(row) => "stream" in row}
          rowClass={(row) => ("stream" in row ? (row.stream.asDesired ? "" : "attention") : "group")}
          empty={
            model.streams.size === 0 ? (
              <>
                <strong>No streams yet</strong>
                <p>
                  Declare one in the program's <code>streams</code>, or run{" "}
                  <code>npx stream-ingestion start STREAM</code>.
                </p>
              </>
            ) : (
              <strong>No stream matches the filter</strong>
            )
          }
        />
      </section>
      <StreamDetail stream={stream} commands={commands} />
    </div>
  );
}

function Next({ stream, now }: { readonly stream: StreamView; readonly now: number }) {
  const { retryAt, hop, state } = stream;
  if (state === "waiting" && retryAt !== undefined) return <>retry {countdown(retryAt - now)}</>;
  if (hop?.handoverAt !== undefined) return <span class="quiet">handover {countdown(hop.handoverAt - now)}</span>;
  return <>–</>;
}

/** @param names instances that are shown also without a stream, unless none has one */
function rowsOf(streams: readonly StreamView[], names: readonly string[]): Row[] {
  const instances = new Map<string, StreamView[]>(streams.length === 0 ? [] : names.map((name) => [name, []]));
  for (const stream of streams) {
    const members = instances.get(stream.instance);
    if (members === undefined) instances.set(stream.instance, [stream]);
    else members.push(stream);
  }
  const byName = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  return [...instances]
    .sort(([a], [b]) => byName(a, b))
    .flatMap(([instance, members]): Row[] => [
      { instance, streams: members.length },
      ...members.sort((a, b) => byName(a.streamId, b.streamId)).map((stream) => ({ stream })),
    ]);
}
