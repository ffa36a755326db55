import type { Reporter } from "./reporter";

/**
 * Prints one JSON object per line, with its `time`. `kind` is ready, updated, note, summary, or the kind of a {@link StackEvent}. The items of
 * stored events are omitted: `stream-ingestion tail --json` prints them.
 */
export function jsonReporter(write: (text: string) => void, now: () => number): Reporter {
  const line = (value: object, at = now()) =>
    write(`${JSON.stringify({ time: new Date(at).toISOString(), ...value })}\n`);
  return {
    step: () => {},
    sample: () => {},
    ready: ({ instances, outputs, cloud }, consoleLink) =>
      line({
        kind: "ready",
        apiUrl: instances[0]?.apiUrl,
        console: consoleLink,
        endpoint: cloud.endpoint,
        region: cloud.region,
        credentials: cloud.operator,
        instances: Object.fromEntries(
          instances.map(({ name, apiUrl, eventTables }) => [name, { apiUrl, eventTables }]),
        ),
        outputs,
      }),
    updating: () => {},
    updated: (resources, seconds) => line({ kind: "updated", resources, seconds }),
    note: (text) => line({ kind: "note", text }),
    event: ({ at, ...event }) => line({ ...event, image: undefined }, at),
    progress: () => {},
    close: () => {},
    summary: (summary) => line({ kind: "summary", ...summary }),
  };
}
