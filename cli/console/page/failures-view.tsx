import { useMemo } from "preact/hooks";
import type { FailureView } from "../protocol";
import { useConsole, useKept } from "./console-context";
import { Action, Filter } from "./field";
import { count, dedented, moment } from "./format";
import { Grid } from "./grid";
import { useKeys } from "./keys";
import { Name } from "./name";
import { PayloadBlock } from "./payload";

/** Events that the processor could not handle, newest first. */
export function FailuresView() {
  const { model, version, now, run, say } = useConsole();
  const [filter, setFilter] = useKept("failures.filter", "");
  const [selected, setSelected] = useKept<string | undefined>("failures.selected", undefined);
  const rows = useMemo(() => {
    const wanted = filter.trim().toLowerCase();
    return [...model.failures.values()]
      .filter(({ stream, code, message }) => `${stream} ${code} ${message}`.toLowerCase().includes(wanted))
      .reverse();
  }, [version, filter]);
  const failure = selected === undefined ? undefined : model.failures.get(selected);
  const { write, readOnly = "This console only reads." } = model.capabilities;
  const problem = write ? undefined : readOnly;
  const act = (command: "redrive" | "discard") => {
    if (failure === undefined) return say("Select a failure first.");
    if (problem !== undefined) return say(problem);
    const events = failure.eventsInObject === 1 ? "this event" : `all ${failure.eventsInObject} events of its object`;
    const question = command === "discard" ? `Delete ${events} without processing?` : undefined;
    run({ command, failure: failure.id }, question);
  };
  const redriveAll = () => {
    if (problem !== undefined) return say(problem);
    run({ command: "redrive-all" }, "Process all failed events again, also those that are not shown?");
  };
  useKeys({ R: redriveAll, r: () => act("redrive"), d: () => act("discard"), Escape: () => setSelected(undefined) });

  return (
    <div class="split">
      <section class="list">
        <div class="bar">
          <Filter
            label="Filter failures"
            value={filter}
            onValue={setFilter}
            placeholder="stream, code or message"
            first
          />
          <Action
            text="Redrive all"
            shortcut="R"
            disabled={problem !== undefined}
            title={problem}
            onClick={redriveAll}
          />
          <span class="quiet">{count(rows.length)} shown</span>
        </div>
        <Grid
          label="Failures"
          columns={[
            { title: "Time", width: "92px", cell: ({ at }: FailureView) => moment(at, now) },
            { title: "Stream", width: "minmax(90px, 1fr)", cell: ({ stream }) => <Name text={stream} /> },
            {
              title: "Code",
              width: "minmax(80px, 150px)",
              from: 600,
              cell: ({ code }) => <span title={code}>{code}</span>,
            },
            { title: "Attempts", width: "60px", from: 600, kind: "number", cell: ({ attempts }) => count(attempts) },
            { title: "Message", width: "minmax(140px, 2fr)", cell: ({ message }) => message },
          ]}
          rows={rows}
          id={({ id }) => id}
          selected={selected}
          onSelect={setSelected}
          empty={
            model.failures.size === 0 ? (
              <>
                <strong>No failed event</strong>
                <p>An event that the processor cannot handle is kept, and appears here with its stack.</p>
              </>
            ) : (
              <strong>No failure matches the filter</strong>
            )
          }
        />
      </section>
      <aside class="detail" aria-label="Failure">
        {failure === undefined ? (
          <p class="quiet">
            Select a failure with <kbd>j</kbd> and <kbd>k</kbd> to see its stack and its payload.
          </p>
        ) : (
          <>
            <h2>{failure.stream}</h2>
            <div class="actions">
              <Action
                text="Redrive"
                shortcut="r"
                disabled={problem !== undefined}
                title={problem}
                onClick={() => act("redrive")}
              />
              <Action
                text="Discard"
                shortcut="d"
                danger
                disabled={problem !== undefined}
                title={problem}
                onClick={() => act("discard")}
              />
            </div>
            <p class="error">
              <strong>{failure.code}</strong> {failure.message}
            </p>
            {failure.stack && (
              <section aria-label="Stack">
                <h3>Stack</h3>
                {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolled text needs the keys */}
                <pre tabIndex={0}>{dedented(failure.stack)}</pre>
              </section>
            )}
            <PayloadBlock
              payload={failure.payload}
              readable={failure.payload !== undefined}
              kind="failure"
              id={failure.id}
            />
            <p class="quiet">
              {failure.object}, {count(failure.eventsInObject)} {failure.eventsInObject === 1 ? "event" : "events"}
            </p>
          </>
        )}
      </aside>
    </div>
  );
}
