import { useMemo } from "preact/hooks";
import type { EventStep, EventView } from "../protocol";
import { useConsole, useKept } from "./console-context";
import { Action, Filter } from "./field";
import { type EventFilter, eventTest, readPointer } from "./filter";
import { clock, count, duration, moment } from "./format";
import { Grid } from "./grid";
import { useKeys } from "./keys";
import { Name } from "./name";
import { classOf, labelOf, shortPath } from "./path";
import { PayloadBlock } from "./payload";

const EVERYTHING: EventFilter = { stream: "", type: "", text: "", pointer: "" };

/** Events as they are stored and processed, newest first. */
export function EventsView() {
  const { model, version, now } = useConsole();
  const [filter, setFilter] = useKept("events.filter", EVERYTHING);
  const [selected, setSelected] = useKept<string | undefined>("events.selected", undefined);
  /** The events at the time of the pause. */
  const [paused, setPaused] = useKept<readonly EventView[] | undefined>("events.paused", undefined);
  const toggle = () => setPaused(paused === undefined ? [...model.events.values()] : undefined);
  useKeys({ p: toggle, Escape: () => setSelected(undefined) });
  const rows = useMemo(
    () => (paused ?? [...model.events.values()]).filter(eventTest(filter)).reverse(),
    [paused ?? version, filter],
  );
  const event =
    selected === undefined ? undefined : (model.events.get(selected) ?? rows.find(({ id }) => id === selected));
  const pointer = filter.pointer.trim() === "" ? undefined : readPointer(filter.pointer);
  const { seen, notShown } = model.sampling;

  return (
    <div class="split">
      <section class="list">
        <div class="bar">
          <Filter label="Stream" value={filter.stream} onValue={(stream) => setFilter({ ...filter, stream })} first />
          <Filter label="Type" value={filter.type} onValue={(type) => setFilter({ ...filter, type })} />
          <Filter label="Text" value={filter.text} onValue={(text) => setFilter({ ...filter, text })} />
          <Filter
            label="JSON pointer"
            value={filter.pointer}
            placeholder="/price>1.1"
            problem={pointer !== undefined && "problem" in pointer ? pointer.problem : undefined}
            onValue={(text) => setFilter({ ...filter, pointer: text })}
          />
          <Action text={paused === undefined ? "Pause" : "Continue"} shortcut="p" onClick={toggle} />
          <span class={paused === undefined ? "quiet" : "warn"} role="status">
            {paused === undefined ? "Live" : "Paused"}: {count(rows.length)} shown of {count(seen)} seen
            {notShown > 0 && `, ${count(notShown)} left out by sampling`}
          </span>
        </div>
        <Grid
          label="Events"
          columns={[
            { title: "Time", width: "92px", cell: ({ at }: EventView) => moment(at, now) },
            { title: "Stream", width: "minmax(90px, 1fr)", cell: ({ stream }) => <Name text={stream} /> },
            { title: "Type", width: "70px", from: 760, cell: ({ type }) => type ?? "–" },
            { title: "Path", width: "250px", from: 620, cell: ({ path }) => <Path path={path} /> },
            {
              title: "Payload",
              width: "minmax(120px, 1.6fr)",
              cell: ({ payload }) => <code>{payload?.text.slice(0, 300) ?? "–"}</code>,
            },
          ]}
          rows={rows}
          id={({ id }) => id}
          selected={selected}
          onSelect={setSelected}
          rowClass={({ path }) => (hasFailed(path) ? "attention" : "")}
          empty={
            model.events.size === 0 ? (
              <>
                <strong>No event yet</strong>
                <p>An event appears here as soon as it is stored.</p>
              </>
            ) : (
              <strong>No event matches the filter</strong>
            )
          }
        />
      </section>
      <aside class="detail" aria-label="Event">
        {event === undefined ? (
          <p class="quiet">
            Select an event with <kbd>j</kbd> and <kbd>k</kbd> to see its path and its payload.
          </p>
        ) : (
          <>
            <h2>{event.stream}</h2>
            <dl class="facts">
              <div>
                <dt>Key</dt>
                <dd>{event.key}</dd>
              </div>
              <div>
                <dt>Type</dt>
                <dd>{event.type ?? "–"}</dd>
              </div>
              <div>
                <dt>Id</dt>
                <dd>{event.eventId ?? "–"}</dd>
              </div>
              {event.item && (
                <div>
                  <dt>Item</dt>
                  <dd>
                    {event.item.partition}, {event.item.sort}
                  </dd>
                </div>
              )}
              <div>
                <dt>Sequence</dt>
                <dd>{event.sequence ?? "–"}</dd>
              </div>
            </dl>
            <h3>Path</h3>
            <ol class="way">
              {event.path.map((step, i) => (
                <li key={`${step.step}-${step.at}-${i}`} class={classOf(step)}>
                  <b>{labelOf(step)}</b> {clock(step.at)}{" "}
                  <span class="quiet">
                    {i > 0 && `+${duration(step.at - event.path[i - 1]!.at)} `}
                    {step.requestId}
                  </span>
                </li>
              ))}
            </ol>
            <PayloadBlock
              payload={event.payload}
              readable={(event.payload ?? event.item) !== undefined}
              kind="event"
              id={event.id}
            />
          </>
        )}
      </aside>
    </div>
  );
}

function Path({ path }: { readonly path: readonly EventStep[] }) {
  return (
    <span class="path">
      {shortPath(path).map(({ text, step }, i) => (
        <span key={`${text}-${i}`} class={`step ${classOf(step)}`}>
          {text}
        </span>
      ))}
    </span>
  );
}

function hasFailed(path: readonly EventStep[]): boolean {
  return path.some(({ step }) => step === "failed" || step === "lost");
}
