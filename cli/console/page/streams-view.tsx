import { useMemo } from "preact/hooks";
import type { StreamView } from "../protocol";
import { useConsole, useKept } from "./console-context";
import { Filter } from "./field";
import { streamTest } from "./filter";
import { count, duration, rate, seconds } from "./format";
import { type Column, Grid } from "./grid";
import { useKeys } from "./keys";
import { Sparkline } from "./sparkline";
import { StreamDetail, StreamState, useStreamCommands } from "./stream-detail";

type Row = { readonly stream: StreamView } | { readonly instance: string; readonly streams: number };

const TEMPLATE = "minmax(110px, 2fr) minmax(92px, 1fr) 80px 92px 46px 60px 54px 62px 46px 66px minmax(76px, 1fr)";

/** The streams by instance, and one of them in detail. */
export function StreamsView() {
  const { model, version, now, stream: selected, select } = useConsole();
  const [filter, setFilter] = useKept("streams.filter", "");
  const rows = useMemo(() => rowsOf([...model.streams.values()].filter(streamTest(filter))), [version, filter]);
  const stream = selected === undefined ? undefined : model.streams.get(selected);
  const commands = useStreamCommands(stream);
  useKeys({ ...commands.keys, Escape: () => select(undefined) });

  const of = (cell: (stream: StreamView) => preact.ComponentChildren) => (row: Row) =>
    "stream" in row ? cell(row.stream) : null;
  const columns: Column<Row>[] = [
    {
      title: "Stream",
      cell: (row) =>
        "stream" in row ? (
          row.stream.streamId
        ) : (
          <strong>
            {row.instance} <span class="quiet">{count(row.streams)}</span>
          </strong>
        ),
    },
    { title: "State", cell: of((one) => <StreamState stream={one} />) },
    { title: "Since", kind: "number", cell: of(({ since }) => seconds(now - since)) },
    {
      title: "Recent",
      hint: "Events received a second",
      cell: of(({ id }) => <Sparkline values={model.sparks.get(id) ?? []} />),
    },
    { title: "In/s", kind: "number", cell: of(({ rates }) => rate(rates.inPerSecond)) },
    { title: "Stored/s", kind: "number", cell: of(({ rates }) => rate(rates.storedPerSecond)) },
    {
      title: "Proc./s",
      hint: "Processed a second",
      kind: "number",
      cell: of(({ rates }) => rate(rates.processedPerSecond)),
    },
    {
      title: "Lag",
      hint: "From storage to processing",
      kind: "number",
      cell: of(({ rates }) => duration(rates.lagMs)),
    },
    {
      title: "Failed",
      kind: "number",
      cell: of(({ failures }) => (failures > 0 ? <span class="bad">{count(failures)}</span> : "0")),
    },
    {
      title: "Last byte",
      kind: "number",
      cell: of(({ lastByteAt }) => (lastByteAt === undefined ? "–" : seconds(now - lastByteAt))),
    },
    { title: "Next", kind: "number", cell: of((one) => <Next stream={one} now={now} />) },
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
          template={TEMPLATE}
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
  if (state === "waiting" && retryAt !== undefined) return <>retry {seconds(retryAt - now)}</>;
  if (hop?.handoverAt !== undefined) return <span class="quiet">hop {seconds(hop.handoverAt - now)}</span>;
  return <>–</>;
}

function rowsOf(streams: readonly StreamView[]): Row[] {
  const instances = new Map<string, StreamView[]>();
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
