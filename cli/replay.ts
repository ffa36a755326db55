import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import { corruptText } from "./corrupt-text";
import { deploymentOf } from "./deployment";
import { streamId } from "./local/parse-options";
import { type OperatorOptions, operate, withOperatorOptions } from "./operator-command";
import { progressPrinter } from "./progress";
import type { Range } from "./replay/run-replay";
import { onStopSignal } from "./stop-signals";
import { CliError, EXIT, printable, terminal as processTerminal, type Terminal } from "./terminal";

interface ReplayOptions extends OperatorOptions {
  readonly stream: string;
  readonly from: string;
  readonly to?: string;
  readonly after?: string;
  readonly table?: string;
  readonly function?: string;
  readonly yes?: boolean;
}

/** Asks the user. Undefined: nobody can answer. */
type Confirm = ((question: string) => Promise<boolean>) | undefined;

/** `stream-ingestion replay`: runs stored events through the processor again. */
export function addReplay(
  program: Command,
  terminal: Terminal = processTerminal,
  confirm: Confirm = onTerminal(),
): void {
  withOperatorOptions(program.command("replay"))
    .description(
      "Run the stored events of a stream through the processor again, in order. Shows first how many they are and what that costs. " +
        "Ctrl-C ends it after the running batch and prints how to continue. The table is not changed.",
    )
    .requiredOption("--stream <id>", "id of the stream", streamId)
    .requiredOption("--from <time>", "events received since this time: 90m, 2h, 7d, or a date")
    .option("--to <time>", "and before this time (default: now)")
    .option("--after <position>", "continue after this event, as an interrupted replay printed it")
    .option("--table <name>", "name of the event table (default: the stack's output tableName)")
    .option("--function <name>", "name or ARN of the processor (default: the stack's output processorArn)")
    .option("--yes", "do not ask for a confirmation")
    .action((options: ReplayOptions) => operate(terminal, options, () => runReplay(options, terminal, confirm)));
}

async function runReplay(options: ReplayOptions, terminal: Terminal, confirm: Confirm): Promise<void> {
  const { stream, json } = options;
  const [{ lambdaProcessor }, { replay }, { storedItems }, { eventCount, planText, positionText }] = await Promise.all([
    import("./failures/invoke-processor"),
    import("./replay/run-replay"),
    import("./replay/stored-items"),
    import("./replay/text"),
  ]);
  const range = await rangeOf(options);
  const deployment = deploymentOf(options);
  const table = await deployment.name(options.table, "tableName", "--table");
  const functionName = await deployment.name(options.function, "processorArn", "--function");
  const region = await deployment.region(options.function);
  let unreadable = 0;
  const store = storedItems(table, region, (item) => {
    unreadable++;
    const message = corruptText(item);
    if (json)
      terminal.out(JSON.stringify({ streamId: stream, key: item.key, error: { code: "EVENT_INVALID", message } }));
    else terminal.err(message);
  });
  const found = await store.find(stream, range.from, range.to);
  if (found.items.length === 0) {
    if (json) terminal.out(JSON.stringify({ processed: 0, failed: 0, complete: true, unreadable }));
    else terminal.out(`No events of ${printable(stream)} are stored in this range.`);
    return;
  }
  terminal.err(planText(found));
  if (!options.yes && !(await confirmed(confirm))) return terminal.err("Nothing was replayed.");

  const stop = new AbortController();
  // The second signal ends the process.
  const removeHandlers = onStopSignal(() => {
    removeHandlers();
    stop.abort();
  });
  let last = range.after;
  const show = json ? () => {} : progressPrinter(eventCount(found), "events", terminal.err);
  const showHowToContinue = () => {
    const to = new Date(range.to).toISOString();
    const from = new Date(range.from).toISOString();
    const after = last === undefined ? "" : ` --after ${positionText(last)}`;
    terminal.err(
      `To continue, add the options of this command to: replay --stream ${stream} --from ${from} --to ${to}${after}`,
    );
  };
  try {
    const result = await replay(found.items, range, {
      read: store.read,
      invoke: await lambdaProcessor(functionName, region),
      signal: stop.signal,
      onProgress: (events, position) => {
        last = position;
        show(events);
      },
      onFailed: ({ key, sequence }, { code, message }) => {
        if (json) terminal.out(JSON.stringify({ streamId: stream, key, sequence, error: { code, message } }));
        else terminal.err(`${printable(stream)} ${printable(key)} failed: ${printable(`${code}: ${message}`)}`);
      },
    });
    if (json) terminal.out(JSON.stringify({ ...result, unreadable }));
    else terminal.out(`${result.processed} processed, ${result.failed} failed`);
    if (unreadable > 0) terminal.err(`Items that cannot be read: ${unreadable}. Their events were not processed.`);
    if (!result.complete) showHowToContinue();
    if (result.failed > 0 || unreadable > 0 || !result.complete) terminal.setExitCode(EXIT.failed);
  } catch (error) {
    showHowToContinue();
    throw error;
  } finally {
    removeHandlers();
  }
}

async function rangeOf({ from, to, after }: ReplayOptions): Promise<Range> {
  const { parseTime } = await import("./failures/select");
  const { parsePosition } = await import("./replay/text");
  const now = Date.now();
  const range = { from: parseTime("--from", from, now), to: to === undefined ? now : parseTime("--to", to, now) };
  if (range.from >= range.to)
    throw new CliError(
      `Expected --from to be before --to, got ${new Date(range.from).toISOString()} and ${new Date(range.to).toISOString()}.`,
      "OPTION_INVALID",
    );
  if (after === undefined) return range;
  const position = parsePosition(after);
  if (position !== undefined) return { ...range, after: position };
  throw new CliError(
    `Expected --after to be a position that an interrupted replay printed, such as 1800000000000/3.1.27, got ${after}.`,
    "OPTION_INVALID",
  );
}

async function confirmed(confirm: Confirm): Promise<boolean> {
  if (confirm !== undefined) return confirm("Replay these events? [y/N] ");
  throw new CliError(
    "Expected --yes, because there is no terminal to confirm the replay, got no --yes.",
    "OPTION_INVALID",
  );
}

/** Reads the answer from the terminal. Undefined: the input or the output is not a terminal. */
function onTerminal(): Confirm {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  return async (question) => {
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    try {
      return /^y(es)?$/i.test((await lines.question(question)).trim());
    } finally {
      lines.close();
    }
  };
}
