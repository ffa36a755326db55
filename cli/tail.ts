import { type Command, InvalidArgumentError } from "commander";
import type { CorruptItem, StoredEvent } from "pulumi-stream-ingestion/internal";
import { corruptText } from "./corrupt-text";
import { deploymentOf } from "./deployment";
import { eventLine } from "./event-line";
import { streamId as parseStreamId } from "./local/parse-options";
import { type OperatorOptions, operate, withOperatorOptions } from "./operator-command";
import { onStopSignal } from "./stop-signals";
import { CliError, terminal as processTerminal, type Terminal } from "./terminal";

interface TailOptions extends OperatorOptions {
  readonly table?: string;
  readonly count?: number;
  readonly from?: string;
}

/**
 * `stream-ingestion tail [streamId]`: prints new events as they are stored, from the event table's change stream. With `--from`, a
 * query of the table returns the events before them.
 */
export function addTail(program: Command, terminal: Terminal = processTerminal): void {
  withOperatorOptions(program.command("tail"))
    .argument("[streamId]", "only events of this stream", parseStreamId)
    .description(
      "Print new events as they are stored, of one stream or all, until Ctrl-C. It reads the event table's change stream, " +
        "which supports two readers, Lambda among them: run one `tail` at a time. It waits while it is throttled.",
    )
    .option("--table <name>", "name of the event table (default: the stack's output tableName)")
    .option("--from <time>", "of one stream: first print the events received since this time: 90m, 2h, 7d, or a date")
    .option("--count <n>", "exit after this many events", positive)
    .action((streamId: string | undefined, options: TailOptions) =>
      operate(terminal, options, () => tail(terminal, streamId, options)),
    );
}

async function tail(terminal: Terminal, streamId: string | undefined, options: TailOptions): Promise<void> {
  const { eventStream } = await import("./event-stream");
  const { followInserts } = await import("./follow-changes");
  const { storedItems } = await import("./replay/stored-items");
  const { storedSince } = await import("./stored-since");
  const { readableEvents } = await import("pulumi-stream-ingestion/internal");
  const { systemClock } = await import("pulumi-stream-ingestion/internal");

  const from = await startOf(streamId, options);
  const deployment = deploymentOf(options);
  const table = await deployment.name(options.table, "tableName", "--table");
  const region = await deployment.region();
  const stop = new AbortController();
  // The second signal ends the process.
  const removeHandlers = onStopSignal(() => {
    removeHandlers();
    stop.abort();
  });
  const print = (event: StoredEvent) =>
    terminal.out(options.json ? eventJson(event) : eventLine(event, terminal.colours));
  const onCorrupt = (item: CorruptItem) => {
    if (streamId === undefined || item.streamId === streamId) terminal.err(corruptText(item));
  };
  let remaining = options.count ?? Number.POSITIVE_INFINITY;
  try {
    const stream = await eventStream(table, region === undefined ? {} : { region });
    const onThrottled = (waitMs: number) =>
      terminal.err(`The change stream has too many readers. Reading again in ${waitMs / 1000} s.`);
    const changes = followInserts(stream, { clock: systemClock, signal: stop.signal, onThrottled });
    // The change stream is opened first, so that no event is stored between the two.
    let next = changes.next();
    next.catch(() => {});
    const past = new Set<string>();
    const report = options.json ? () => {} : terminal.err;
    const stored =
      from === undefined
        ? []
        : await storedSince(storedItems(table, region, onCorrupt), streamId!, from, { signal: stop.signal, report });
    for (const event of stored) {
      past.add(`${event.key} ${event.sequence}`);
      print(event);
      if (--remaining <= 0) return;
    }
    for (let change = await next; !change.done; change = await next) {
      for (const event of readableEvents(change.value, onCorrupt)) {
        if (streamId !== undefined && event.streamId !== streamId) break;
        if (past.has(`${event.key} ${event.sequence}`)) continue;
        print(event);
        if (--remaining <= 0) return;
      }
      next = changes.next();
    }
  } finally {
    stop.abort();
    removeHandlers();
  }
}

async function startOf(streamId: string | undefined, { from }: TailOptions): Promise<number | undefined> {
  if (from === undefined) return undefined;
  if (streamId === undefined) throw new CliError("Expected a stream id with --from, got none.", "OPTION_INVALID");
  const { parseTime } = await import("./failures/select");
  return parseTime("--from", from, Date.now());
}

/** One event as JSON. Binary data is in `base64`; data in the bucket is named by `pointer`. */
export function eventJson({ data, ...event }: StoredEvent): string {
  return JSON.stringify(Buffer.isBuffer(data) ? { ...event, base64: data.toString("base64") } : { ...event, data });
}

function positive(value: string): number {
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
  throw new InvalidArgumentError("Expected a whole number in 1..999999999.");
}
