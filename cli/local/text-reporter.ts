import pc from "picocolors";
import { type Counters, newEvents } from "pulumi-stream-ingestion/internal";
import { notStoredText, storedText } from "../counters-text";
import { eventLine } from "../event-line";
import { printable } from "../terminal";
import { adviceFor } from "./advice";
import { cut } from "./display-width";
import { labelOf, liveView, totalLine } from "./live-view";
import { logLine } from "./log-line";
import { newErrors } from "./new-errors";
import type { Reporter, Summary } from "./reporter";
import { openScreen, type TextOutput } from "./screen";
import { activityCounter } from "./stream-activity";
import type { RunTotals } from "./totals";

const LINE_INTERVAL_MS = 3_000;
/** A step that takes less shows no time. */
const SHOWN_SECONDS = 2;
/** Explains the columns of the table that are not everyday words. */
const LEGEND = [
  "LAG: time from an event's storage to its processing.",
  "HOP: number of the Lambda invocation that holds the stream's connection.",
];

/** Prints a run for people: lines that stay, and on a terminal a table below them. Elsewhere, a line every few seconds. */
export function textReporter(
  output: TextOutput,
  now: () => number,
  /** How to run other commands in this folder. */
  command = "npx stream-ingestion",
): Reporter {
  // picocolors alone also enables colours in CI, where log files keep the escape codes.
  const colors = pc.createColors(output.isTTY === true && pc.isColorSupported);
  const screen = openScreen(output);
  const activity = activityCounter(now);
  let lineAt = now();
  let explained = false;
  let hasLegend = false;
  let step: string | undefined;
  let stepAt = now();
  let ticking: NodeJS.Timeout | undefined;
  /** Kinds of problems that were shown. Every hop and event repeats the same ones; `--json` prints them all. */
  const shown = new Set<string>();
  /** Functions whose code was loaded once. */
  const loaded = new Set<string>();
  /** The last error that was shown of each stream. */
  const errors = new Map<string, string>();

  /** Shows the first problem of a kind, with its fix if that is known. */
  function problem(kind: string, source: string, text: string, frames: readonly string[] = []): void {
    if (shown.has(kind)) return;
    shown.add(kind);
    printFrom(source, text, frames);
  }

  function printFrom(source: string, text: string, frames: readonly string[] = []): void {
    const advice = adviceFor(text);
    const details = [...frames, ...(advice === undefined ? [] : [advice])].map((line) => colors.dim(`    ${line}`));
    screen.print([`${colors.yellow(source)} ${printable(text)}`, ...details].join("\n"));
  }

  return {
    step: (text, detail = "") => {
      if (text !== step) stepAt = now();
      if (!output.isTTY && text !== step) screen.print(text);
      step = text;
      if (!output.isTTY) return;
      const draw = () => {
        const seconds = Math.floor((now() - stepAt) / 1_000);
        const elapsed = seconds < SHOWN_SECONDS ? "" : `${seconds} s`;
        screen.live([cut([text, "…", detail, elapsed].filter((part) => part !== "").join(" "), screen.size.columns)]);
      };
      draw();
      clearInterval(ticking);
      ticking = setInterval(draw, 1_000).unref();
    },
    ready: ({ instances, outputs, environment }, consoleLink) => {
      clearInterval(ticking);
      screen.print(`${colors.bold("Console")}  ${consoleLink}`);
      for (const { name, apiUrl } of instances) screen.print(`${colors.bold(name)}  ${apiUrl} (connection API)`);
      screen.print(colors.dim(`In another terminal here: ${command} list, or tail, or failures list`));
      screen.print(colors.dim("Variables for other AWS clients, such as the AWS CLI:"));
      for (const [name, value] of Object.entries(environment))
        screen.print(colors.dim(value === undefined ? `  unset ${name}` : `  export ${name}=${value}`));
      for (const [name, value] of Object.entries(outputs))
        if (typeof value !== "object") screen.print(colors.dim(`${name}: ${JSON.stringify(value)}`));
    },
    updating: () => shown.clear(),
    updated: (resources, seconds) => {
      const [first, ...others] = resources;
      const names = others.length > 3 ? `${first} and ${others.length} more` : resources.join(", ");
      screen.print(colors.dim(`Updated in ${seconds.toFixed(1)} s: ${names}`));
    },
    note: (text) => screen.print(colors.dim(text)),
    event: (event) => {
      activity.add(event);
      if (event.kind === "log") {
        const { text, frames, kind } = logLine(event.line) ?? {};
        if (text === undefined) return;
        if (kind === undefined) printFrom(event.functionName, text, frames);
        else problem(`${event.functionName}\n${kind}`, event.functionName, text, frames);
      }
      if (event.kind === "initialised") loaded.add(event.functionName);
      if (event.kind === "init-failed" && loaded.has(event.functionName))
        screen.print(
          `${colors.yellow(event.functionName)} keeps its previous code, because the new one cannot be loaded`,
        );
      if (event.kind === "denied") {
        const { caller, action, resource } = event;
        problem(`${caller}\n${action}`, caller, `is not allowed ${action} on ${resource}`);
      }
      if (event.kind === "handover" && !explained && event.gapMs !== undefined) {
        explained = true;
        screen.print(colors.dim(handoverText(labelOf(event), event.gapMs)));
      }
    },
    sample: (event) => screen.print(eventLine(event, colors)),
    progress: (streams, totals) => {
      for (const [kind, { label, count, message }] of newErrors(streams, errors))
        problem(kind, count === 1 ? label : `${label} and ${count - 1} more`, message);
      const isDue = now() - lineAt >= LINE_INTERVAL_MS;
      if (!output.isTTY && !isDue) return;
      const live = streams.map((stream) => ({ ...stream, activity: activity.look(stream.instance, stream.streamId) }));
      if (output.isTTY && live.length > 0 && !hasLegend) {
        hasLegend = true;
        for (const line of LEGEND) screen.print(colors.dim(line));
      }
      if (output.isTTY) return screen.live(liveView(live, totals, screen.size));
      lineAt = now();
      screen.print(totalLine(live, totals));
    },
    summary: (summary) => screen.print(summaryText(summary, colors)),
    close: () => clearInterval(ticking),
  };
}

/** Explains the first handover of a run. */
function handoverText(stream: string, gapMs: number): string {
  const how =
    gapMs < 0
      ? `the next hop connected before the previous one left (overlap ${-gapMs} ms)`
      : `the next hop connected after the previous one left (gap ${gapMs} ms)`;
  return `Handover of ${stream}: ${how}. A hop is one run of the Lambda function that holds the connection.`;
}

function handoversText({ handovers, maxGapMs }: RunTotals): string {
  if (maxGapMs === undefined) return String(handovers);
  const seam = maxGapMs < 0 ? `shortest overlap ${-maxGapMs} ms, no gap` : `longest gap ${maxGapMs} ms`;
  return `${handovers}, ${seam}`;
}

/** A hop that did not end within the time of a stop has not reported its last events. */
function receivedRows({ stored }: RunTotals, counters: Counters): (readonly [string, string])[] {
  if (newEvents(counters) < stored)
    return [["stored", `${stored} new (the last hop ended before it reported what it received)`]];
  return [
    ["received", String(counters.received)],
    ["= stored", storedText(counters)],
    ["+ not stored", notStoredText(counters)],
  ];
}

function failures({ failuresStored, failedDeliveries, lost }: RunTotals): string {
  const deliveries = failedDeliveries === 0 ? "" : `, ${failedDeliveries} deliveries failed`;
  return `${failuresStored} stored in the failure bucket${deliveries}${lost === 0 ? "" : `, ${lost} lost`}`;
}

function unprocessedText(events: number): string {
  return events === 1
    ? "1 stored event was not processed before the end."
    : `${events} stored events were not processed before the end.`;
}

function summaryText(
  { seconds, totals, counters, compared, unprocessed, problems }: Summary,
  colors: ReturnType<typeof pc.createColors>,
): string {
  const rows: (readonly [string, string])[] = [
    ["run time", `${seconds.toFixed(0)} s`],
    ["handovers", handoversText(totals)],
    ["hops, reconnects", `${totals.hops}, ${counters.reconnects}`],
    ...receivedRows(totals, counters),
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
  const result = problems.map((problem) => colors.red(printable(problem)));
  // The comparison has this number.
  if (compared === undefined && unprocessed > 0) result.push(colors.yellow(unprocessedText(unprocessed)));
  if (result.length === 0) result.push(colors.green("ok"));
  return ["", ...rows.map(([name, value]) => `${name.padEnd(18)}${value}`), ...result].join("\n");
}
