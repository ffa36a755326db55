import pc from "picocolors";
import { operatorEnvironment } from "stream-ingestion-local";
import { notStoredText, storedText } from "../counters-text";
import { printable } from "../terminal";
import type { StreamView } from "./connection-api";
import { logLine } from "./log-line";
import type { Reporter, Summary } from "./reporter";
import { type RunTotals, sumCounters } from "./totals";

export interface TextOutput {
  write(text: string): void;
  /** True for a terminal, where each progress replaces the one before. */
  readonly isTTY?: boolean;
}

const LINE_INTERVAL_MS = 3_000;

export function textReporter(output: TextOutput, now: () => number): Reporter {
  // picocolors alone also enables colours in CI, where log files keep the escape codes.
  const colors = pc.createColors(output.isTTY === true && pc.isColorSupported);
  let block = 0;
  let last: { at: number; stored: number } | undefined;
  let lineAt = 0;
  /** Kinds of problems that were shown. Every hop and event repeats the same ones; `--json` prints them all. */
  const shown = new Set<string>();
  /** The last error that was shown of each stream. */
  const errors = new Map<string, string>();

  /** Prints above the progress block, which the next progress prints again. */
  function print(text: string): void {
    if (block > 0) output.write(`\x1b[${block}A\x1b[0J`);
    block = 0;
    output.write(`${text}\n`);
  }

  /** Shows the first problem of a kind. */
  function problem(kind: string, text: string): void {
    if (shown.has(kind)) return;
    shown.add(kind);
    print(text);
  }

  function log(functionName: string, line: string): void {
    const found = logLine(line);
    if (found === undefined) return;
    const { text, frames, kind } = found;
    const lines = [`${colors.yellow(functionName)} ${printable(text)}`, ...frames.map((at) => colors.dim(`    ${at}`))];
    if (kind === undefined) print(lines.join("\n"));
    else problem(`${functionName}\n${kind}`, lines.join("\n"));
  }

  return {
    ready: ({ instances, outputs, cloud }) => {
      for (const { name, apiUrl } of instances) print(`${colors.bold(name)}  ${apiUrl}`);
      print(colors.dim("To run the other commands in another terminal:"));
      for (const [name, value] of Object.entries(operatorEnvironment(cloud)))
        print(colors.dim(value === undefined ? `  unset ${name}` : `  export ${name}=${value}`));
      for (const [name, value] of Object.entries(outputs)) print(colors.dim(`${name}: ${JSON.stringify(value)}`));
    },
    note: (text) => print(colors.dim(text)),
    event: (event) => {
      if (event.kind === "log") log(event.functionName, event.line);
      if (event.kind === "denied") {
        const { caller, action, resource } = event;
        problem(`${caller}\n${action}`, `${colors.yellow(caller)} is not allowed ${action} on ${resource}`);
      }
    },
    progress: (streams, totals) => {
      for (const { streamId, lastError } of streams) {
        if (lastError === undefined || errors.get(streamId) === lastError.message) continue;
        errors.set(streamId, lastError.message);
        print(`${colors.yellow(streamId)} ${printable(lastError.message)}`);
      }
      const at = now();
      const rate = last === undefined ? 0 : ((totals.stored - last.stored) * 1_000) / Math.max(1, at - last.at);
      last = { at, stored: totals.stored };
      if (output.isTTY) {
        const lines = [...streams.map(streamLine), totalLine(streams, totals, rate)];
        print(lines.join("\n"));
        block = lines.length;
      } else if (at - lineAt >= LINE_INTERVAL_MS) {
        lineAt = at;
        print(totalLine(streams, totals, rate));
      }
    },
    summary: (summary) => print(summaryText(summary, colors)),
  };
}

function streamLine({ streamId, status, generation, counters, handover }: StreamView): string {
  const gap = handover?.maxGapMs === undefined ? "" : `, longest gap ${handover.maxGapMs} ms`;
  return `  ${streamId.padEnd(12)} ${status.padEnd(12)} hop ${generation}  ${counters.received} received${gap}`;
}

function totalLine(streams: readonly StreamView[], totals: RunTotals, rate: number): string {
  const { received } = sumCounters(streams);
  return (
    // The streams' own counters are some seconds old.
    `${Math.max(received, totals.stored)} received  ${totals.stored} stored  ${totals.processed} processed  ${rate.toFixed(0)}/s  ` +
    `${totals.hops} hops  ${totals.handovers} handovers`
  );
}

function failures({ failuresStored, failedDeliveries }: RunTotals): string {
  const deliveries = failedDeliveries === 0 ? "" : `, ${failedDeliveries} deliveries failed`;
  return `${failuresStored} in the failure bucket${deliveries}`;
}

function summaryText(
  { seconds, totals, counters, compared, problems }: Summary,
  colors: ReturnType<typeof pc.createColors>,
): string {
  const rows: (readonly [string, string])[] = [
    ["run time", `${seconds.toFixed(0)} s`],
    ["handovers", `${totals.handovers}${totals.maxGapMs === undefined ? "" : `, longest gap ${totals.maxGapMs} ms`}`],
    ["hops, reconnects", `${totals.hops}, ${counters.reconnects}`],
    ["received", String(counters.received)],
    ["= stored", storedText(counters)],
    ["+ not stored", notStoredText(counters)],
    ["processed", `${totals.processed}, ${failures(totals)}`],
  ];
  if (compared !== undefined) {
    const { sent, lost, unexpected, unprocessed, processedTwice } = compared;
    rows.push(
      ["sent by upstream", `${sent} distinct events`],
      [
        "compared",
        `${lost} lost, ${unprocessed} not processed, ${processedTwice} processed twice, ${unexpected} never sent`,
      ],
    );
  }
  const result = problems.length === 0 ? colors.green("ok") : colors.red(problems.map(printable).join("\n"));
  return ["", ...rows.map(([name, value]) => `${name.padEnd(18)}${value}`), result].join("\n");
}
