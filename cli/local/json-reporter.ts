import type { Reporter } from "./reporter";

/** Prints one JSON object per line. `kind` is ready, note, summary, or the kind of a {@link StackEvent}. */
export function jsonReporter(write: (text: string) => void): Reporter {
  const line = (value: object) => write(`${JSON.stringify(value)}\n`);
  return {
    ready: ({ instances, outputs, cloud }) =>
      line({
        kind: "ready",
        apiUrl: instances[0]?.apiUrl,
        endpoint: cloud.endpoint,
        instances: Object.fromEntries(
          instances.map(({ name, apiUrl, eventTables }) => [name, { apiUrl, eventTables }]),
        ),
        outputs,
      }),
    note: (text) => line({ kind: "note", text }),
    event: line,
    progress: () => {},
    summary: (summary) => line({ kind: "summary", ...summary }),
  };
}
