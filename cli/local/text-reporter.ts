import pc from "picocolors";
import { operatorEnvironment } from "../../local/index";
import { printable } from "../terminal";
import type { StreamView } from "./connection-api";
import type { Reporter, Summary } from "./reporter";
import { processed, type Tally, totals } from "./tally";

export interface TextOutput {
  write(text: string): void;
  /** A terminal: the progress block is written over itself. */
  readonly isTTY?: boolean;
}

const LINE_EVERY_MS = 3_000;
/** Lines of a function's log that a person wants to see among the progress. */
const WORTH_SHOWING = new Set(["warn", "error"]);

export function textReporter(output: TextOutput, now: () => number): Reporter {
  // picocolors itself also colours under CI, where the log file keeps the escape codes.
  const colors = pc.createColors(output.isTTY === true && pc.isColorSupported);
  let block = 0;
  let last: { at: number; stored: number } | undefined;
  let lineAt = 0;
  /** Warnings that were shown: every hop gives the same ones again, and `--json` has them all. */
  const told = new Set<string>();
  /** Last error of each stream, as it was shown. */
  const errors = new Map<string, string>();

  /** Prints above the progress block, which the next progress writes again. */
  function print(text: string): void {
    if (block > 0) output.write(`\x1b[${block}A\x1b[0J`);
    block = 0;
    output.write(`${text}\n`);
  }

  return {
    ready: ({ instances, outputs, cloud }) => {
      for (const { name, apiUrl } of instances) print(`${colors.bold(name)}  ${apiUrl}`);
      print(colors.dim("for the other commands, in another terminal:"));
      for (const [name, value] of Object.entries(operatorEnvironment(cloud)))
        print(colors.dim(`  export ${name}=${value}`));
      for (const [name, value] of Object.entries(outputs)) print(colors.dim(`${name}: ${JSON.stringify(value)}`));
    },
    note: (sentence) => print(colors.dim(sentence)),
    event: (event) => {
      if (event.kind !== "log") return;
      const line = shownLine(event.line);
      if (line === undefined || told.has(line)) return;
      // What a processor prints is its own affair: that is shown as often as it comes.
      if (line !== event.line) told.add(line);
      print(`${colors.yellow(event.functionName)} ${printable(line)}`);
    },
    progress: (streams, tally) => {
      for (const { streamId, lastError } of streams) {
        if (lastError === undefined || errors.get(streamId) === lastError.message) continue;
        errors.set(streamId, lastError.message);
        print(`${colors.yellow(streamId)} ${printable(lastError.message)}`);
      }
      const at = now();
      const rate = last === undefined ? 0 : ((tally.stored - last.stored) * 1_000) / Math.max(1, at - last.at);
      last = { at, stored: tally.stored };
      if (output.isTTY) {
        const lines = [...streams.map(streamLine), totalLine(streams, tally, rate)];
        print(lines.join("\n"));
        block = lines.length;
      } else if (at - lineAt >= LINE_EVERY_MS) {
        lineAt = at;
        print(totalLine(streams, tally, rate));
      }
    },
    summary: (summary) => print(summaryText(summary, colors)),
  };
}

/** A structured line as a sentence, if it is a warning or an error; any other line as it is. */
function shownLine(line: string): string | undefined {
  if (!line.startsWith("{")) return line;
  try {
    const { level, message, streamId, error } = JSON.parse(line);
    if (!WORTH_SHOWING.has(String(level).toLowerCase())) return undefined;
    return [level, streamId, message, error?.message].filter((part) => typeof part === "string").join("  ");
  } catch {
    return line;
  }
}

function streamLine({ streamId, status, generation, counters, handover }: StreamView): string {
  const gap = handover?.maxGapMs === undefined ? "" : `, longest gap ${handover.maxGapMs} ms`;
  return `  ${streamId.padEnd(12)} ${status.padEnd(12)} hop ${generation}  ${counters.received} received${gap}`;
}

function totalLine(streams: readonly StreamView[], tally: Tally, rate: number): string {
  const { received, duplicates } = totals(streams);
  return (
    // What streams say of themselves is some seconds old.
    `${Math.max(received, tally.stored)} received  ${tally.stored} stored  ${processed(tally)} processed  ${rate.toFixed(0)}/s  ` +
    `${tally.hops} hops  ${tally.handovers} hand-overs  ${duplicates + tally.repeated} duplicates`
  );
}

function failures({ parked, failed }: Tally): string {
  const deliveries = failed === 0 ? "" : `, ${failed} deliveries failed`;
  return `${parked} in the failure bucket${deliveries}`;
}

function summaryText(
  { seconds, tally, streams, compared, problems }: Summary,
  colors: ReturnType<typeof pc.createColors>,
): string {
  const { received, duplicates, reconnects } = totals(streams);
  const rows: (readonly [string, string])[] = [
    ["ran for", `${seconds.toFixed(0)} s`],
    ["hand-overs", `${tally.handovers}${tally.maxGapMs === undefined ? "" : `, longest gap ${tally.maxGapMs} ms`}`],
    ["hops, reconnects", `${tally.hops}, ${reconnects}`],
    ["received", `${received}, ${duplicates + tally.repeated} of them duplicates`],
  ];
  if (compared === undefined) {
    rows.push(["stored", String(tally.stored)], ["processed", `${processed(tally)}, ${failures(tally)}`]);
  } else {
    rows.push(
      ["sent by upstream", `${compared.sent} distinct events`],
      ["stored", `${tally.stored}, ${compared.lost} lost, ${compared.foreign} that were never sent`],
      ["processed", `${processed(tally)}, ${compared.unprocessed} missing, ${compared.doubled} doubled`],
    );
  }
  const verdict = problems.length === 0 ? colors.green("ok") : colors.red(problems.map(printable).join("\n"));
  return ["", ...rows.map(([name, value]) => `${name.padEnd(18)}${value}`), verdict].join("\n");
}
