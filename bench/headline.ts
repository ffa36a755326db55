import { number } from "./report";
import type { PathRow, Result } from "./result";

/**
 * The five figures of README.md, as Markdown.
 * @param handovers the newest result of `npm run bench:handover`: text with one table
 */
export function headline({ date, machine, paths }: Result, handovers: string): string {
  const path = (name: string, database: string) => row(paths, name, database);
  const speed = ({ eventsPerSecond, cpuMicrosecondsPerEvent: cpu }: PathRow) =>
    `${number(eventsPerSecond)} events/s, ${cpu.toFixed(1)} µs of CPU per event`;
  const long = path("memory over a long run", "null, 4 ms");
  return [
    `Measured ${date.slice(0, 10)} on ${machine}; events of 200 bytes, a database that answers after 4 ms.`,
    "",
    `- Relay, lines: ${speed(path("relay, lines", "null, 4 ms"))}`,
    `- Relay, SSE: ${speed(path("relay, SSE", "null, 4 ms"))}`,
    `- The usual design, one conditional write per event: ${speed(path("blueprint, lines", "null, 4 ms"))}`,
    `- Peak memory over ${number(long.events)} events: ${number(long.maxRssMegabytes)} MB`,
    `- Handovers under load: ${cell(handovers, "handovers")}, ${cell(handovers, "lost")} of ${cell(handovers, "sent")} events lost, ${cell(handovers, "processed twice")} processed twice${measuredBefore(date, handovers)}`,
  ].join("\n");
}

function row(paths: readonly PathRow[], name: string, database: string): PathRow {
  const found = paths.find((one) => one.name === name && one.database === database);
  if (found === undefined) throw new Error(`Expected the result to have the path "${name}" on "${database}".`);
  return found;
}

/** The date and the machine of the handovers, if they are from an earlier day than the other figures. */
function measuredBefore(date: string, handovers: string): string {
  const [, day, machine] = /(\d{4}-\d\d-\d\d), on ([^,;]+)/.exec(handovers) ?? [];
  if (day === undefined)
    throw new Error("Expected the result of the handovers to begin with its date and its machine.");
  return day === date.slice(0, 10) ? "" : ` (${day}, on ${machine})`;
}

/** The first row's cell in a column of the text's table. */
function cell(text: string, column: string): string {
  const [head = [], , first = []] = text
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) => line.split("|").map((part) => part.trim()));
  const found = first[head.indexOf(column)];
  if (found === undefined) throw new Error(`Expected a table with the column "${column}".`);
  return found;
}
