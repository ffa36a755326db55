import type { Reporter } from "./reporter";

/** One JSON object a line. `kind` tells them apart: ready, note, log, hop, handover, stored, repeated, processed, parked, failed, summary. */
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
    note: (sentence) => line({ kind: "note", sentence }),
    event: line,
    progress: () => {},
    summary: (summary) => line({ kind: "summary", ...summary }),
  };
}
