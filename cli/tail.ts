import { type Command, InvalidArgumentError } from "commander";
import type { StoredEvent } from "pulumi-stream-ingestion/internal";
import { deploymentOf } from "./deployment";
import { eventLine } from "./event-line";
import { type OperatorOptions, operate, withOperatorOptions } from "./operator-command";
import { terminal as processTerminal, type Terminal } from "./terminal";

interface TailOptions extends OperatorOptions {
  readonly table?: string;
  readonly count?: number;
}

/**
 * `stream-ingestion tail [streamId]`: prints new events as they are stored, from the event table's change stream. A query of
 * the table cannot return the newest events: its sort key is random, so that DynamoDB can spread a hot stream.
 */
export function addTail(program: Command, terminal: Terminal = processTerminal): void {
  withOperatorOptions(program.command("tail [streamId]"))
    .description(
      "Print new events as they are stored, of one stream or all, until Ctrl-C. It reads the event table's change stream, " +
        "which supports one `tail` next to the processor; a second one waits.",
    )
    .option("--table <name>", "name of the event table (default: the stack's output tableName)")
    .option("--count <n>", "exit after this many events", positive)
    .action((streamId: string | undefined, options: TailOptions) =>
      operate(terminal, options, () => tail(terminal, streamId, options)),
    );
}

async function tail(terminal: Terminal, streamId: string | undefined, options: TailOptions): Promise<void> {
  const { eventStream } = await import("./event-stream");
  const { followInserts } = await import("./follow-changes");
  const { storedEvents } = await import("pulumi-stream-ingestion/internal");
  const { systemClock } = await import("pulumi-stream-ingestion/internal");

  const deployment = deploymentOf(options);
  const table = await deployment.name(options.table, "tableName", "--table");
  const region = await deployment.region();
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  let remaining = options.count ?? Number.POSITIVE_INFINITY;
  try {
    const stream = await eventStream(table, region);
    const onThrottled = (waitMs: number) =>
      terminal.err(`The change stream has too many readers. Reading again in ${waitMs / 1000} s.`);
    for await (const image of followInserts(stream, { clock: systemClock, signal: stop.signal, onThrottled })) {
      for (const event of storedEvents(image)) {
        if (streamId !== undefined && event.streamId !== streamId) break;
        terminal.out(options.json ? eventJson(event) : eventLine(event, terminal.colours));
        if (--remaining <= 0) return;
      }
    }
  } finally {
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}

/** One event as JSON. Binary data is in `base64`; data in the bucket is named by `pointer`. */
export function eventJson({ data, ...event }: StoredEvent): string {
  return JSON.stringify(Buffer.isBuffer(data) ? { ...event, base64: data.toString("base64") } : { ...event, data });
}

function positive(value: string): number {
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
  throw new InvalidArgumentError("Expected a whole number of at least 1.");
}
