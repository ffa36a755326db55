import { useMemo } from "preact/hooks";
import type { LogLevel, LogView } from "../protocol";
import { useConsole, useKept } from "./console-context";
import { Choice, Filter } from "./field";
import { LEVELS, type LogFilter, logTest } from "./filter";
import { count, moment } from "./format";
import { Grid } from "./grid";
import { useKeys } from "./keys";
import { Name } from "./name";

const EVERYTHING: LogFilter = { level: "info", source: "", stream: "", request: "", text: "" };
const SOURCES = ["manager", "processor", "watchdog", "api", "repeats", "console", "other"] as const;

/** Log lines of all functions, newest first. */
export function LogsView() {
  const { model, version, now } = useConsole();
  const [filter, setFilter] = useKept("logs.filter", EVERYTHING);
  const [selected, setSelected] = useKept<string | undefined>("logs.selected", undefined);
  useKeys({ Escape: () => setSelected(undefined) });
  const rows = useMemo(() => [...model.logs.values()].filter(logTest(filter)).reverse(), [version, filter]);
  const log = selected === undefined ? undefined : model.logs.get(selected);
  const set = (change: Partial<LogFilter>) => setFilter({ ...filter, ...change });

  return (
    <div class="split">
      <section class="list">
        <div class="bar">
          <Choice
            label="Level"
            value={filter.level}
            options={LEVELS.map((level) => [level, level === "error" ? level : `${level} and above`])}
            onValue={(level) => set({ level: level as LogLevel })}
          />
          <Choice
            label="Source"
            value={filter.source}
            options={[["", "all"], ...SOURCES.map((source) => [source, source] as const)]}
            onValue={(source) => set({ source })}
          />
          <Filter label="Stream" value={filter.stream} onValue={(stream) => set({ stream })} first />
          <Filter label="Request" value={filter.request} onValue={(request) => set({ request })} />
          <Filter label="Text" value={filter.text} onValue={(text) => set({ text })} />
          <span class="quiet">{count(rows.length)} shown</span>
        </div>
        <Grid
          label="Logs"
          columns={[
            { title: "Time", width: "92px", cell: ({ at }: LogView) => moment(at, now) },
            { title: "Level", width: "42px", cell: ({ level }) => <span class={`level ${level}`}>{level}</span> },
            { title: "Source", width: "76px", from: 600, cell: ({ source }) => source },
            {
              title: "Stream",
              width: "minmax(90px, 1fr)",
              from: 480,
              cell: ({ stream, instance }) => <Name text={stream ?? instance ?? "–"} />,
            },
            { title: "Message", width: "minmax(140px, 3fr)", cell: ({ message }) => message },
          ]}
          rows={rows}
          id={({ id }) => id}
          selected={selected}
          onSelect={setSelected}
          empty={model.logs.size === 0 ? <strong>No log line yet</strong> : <strong>No line matches the filter</strong>}
        />
      </section>
      <aside class="detail" aria-label="Log line">
        {log === undefined ? (
          <p class="quiet">
            Select a line with <kbd>j</kbd> and <kbd>k</kbd> to see all of it.
          </p>
        ) : (
          <>
            <h2>{log.functionName ?? log.source}</h2>
            <p class={log.level === "error" ? "error" : ""}>{log.message}</p>
            <div class="actions">
              {log.requestId && (
                <button type="button" onClick={() => set({ request: log.requestId })}>
                  Only this request
                </button>
              )}
              {log.stream && (
                <button type="button" onClick={() => set({ stream: log.stream })}>
                  Only this stream
                </button>
              )}
            </div>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolled text needs the keys */}
            {log.detail && <pre tabIndex={0}>{log.detail}</pre>}
            <p class="quiet">{log.requestId}</p>
          </>
        )}
      </aside>
    </div>
  );
}
