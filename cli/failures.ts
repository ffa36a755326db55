import type { Command } from "commander";
import type { Failure, FailureReason } from "pulumi-stream-ingestion/internal";
import { table } from "./connection-text";
import { deploymentOf } from "./deployment";
import type { FailureObject, FailureStore } from "./failures/failure-store";
import type { RedriveResult } from "./failures/redrive";
import { streamId } from "./local/parse-options";
import { type OperatorOptions, operate, withOperatorOptions } from "./operator-command";
import { CliError, EXIT, printable, terminal as processTerminal, type Terminal } from "./terminal";

interface FailureOptions extends OperatorOptions {
  readonly bucket?: string;
  readonly function?: string;
  readonly stream?: string;
  readonly since?: string;
  readonly all?: boolean;
}

/** `stream-ingestion failures list | show | redrive | discard` */
export function addFailures(program: Command, terminal: Terminal = processTerminal): void {
  const failures = program
    .command("failures")
    .description("List, show, redrive and discard events that the processor could not handle.");

  withBucketOptions(failures.command("list"))
    .description("List failed events, oldest first.")
    .action((options: FailureOptions) => operate(terminal, options, () => list(options, terminal)));

  withBucketOptions(failures.command("show <object>"))
    .description("Print the events in one object of the failure bucket as JSON, including their payload.")
    .action((key: string, options: FailureOptions) =>
      operate(terminal, options, async () => {
        const { store } = await open(options);
        for (const failure of await read(store, { key, at: 0 })) terminal.out(JSON.stringify(failure, null, 2));
      }),
    );

  withBucketOptions(failures.command("redrive [objects...]"))
    .description("Send failed events to the processor again and remove those that succeed. Safe to repeat.")
    .option("--function <name>", "name or ARN of the processor (default: the stack's output processorArn)")
    .action((keys: string[], options: FailureOptions) =>
      operate(terminal, options, () => redriveFailures(keys, options, terminal)),
    );

  withBucketOptions(failures.command("discard [objects...]"))
    .description("Delete failed events without processing them. Requires objects, --stream, --since or --all.")
    .option("--all", "select all failed events")
    .action((keys: string[], options: FailureOptions) =>
      operate(terminal, options, () => discardFailures(keys, options, terminal)),
    );
}

function withBucketOptions(command: Command): Command {
  return withOperatorOptions(command)
    .option("--bucket <name>", "name of the bucket (default: the stack's output bucketName)")
    .option("--stream <id>", "only events of this stream", streamId)
    .option("--since <time>", "only events that failed since this time: 90m, 2h, 7d, or a date");
}

async function list(options: FailureOptions, terminal: Terminal): Promise<void> {
  const { store } = await open(options);
  const rows: string[][] = [];
  let unread = 0;
  for (const object of await select(store, options)) {
    const failures = await read(store, object).catch((error: Error) => {
      // Another command has removed it meanwhile.
      if (error instanceof CliError) return [];
      unread++;
      terminal.err(`${printable(object.key)}: ${printable(error.message)}`);
      return [];
    });
    for (const failure of failures) {
      if (options.stream !== undefined && failure.streamId !== options.stream) continue;
      if (options.json) terminal.out(JSON.stringify({ object: object.key, ...failure }));
      else rows.push(row(object, failure));
    }
  }
  if (unread > 0) terminal.setExitCode(EXIT.failed);
  if (options.json) return;
  if (rows.length === 0) return unread > 0 ? undefined : terminal.out("No failed events.");
  for (const line of table([["FAILED", "STREAM", "ATTEMPTS", "ERROR", "OBJECT"], ...rows])) terminal.out(line);
}

function row({ key }: FailureObject, { at, streamId, attempts, error }: Failure): string[] {
  return [new Date(at).toISOString(), printable(streamId), String(attempts), oneLine(error), printable(key)];
}

async function redriveFailures(keys: readonly string[], options: FailureOptions, terminal: Terminal): Promise<void> {
  const { redrive } = await import("./failures/redrive");
  const { lambdaProcessor } = await import("./failures/invoke-processor");
  const { untilInterrupted } = await import("./failures/until-interrupted");
  const { store, deployment, region } = await open(options);
  const functionName = await deployment.name(options.function, "processorArn", "--function");
  const objects = await selected(keys, store, options);
  const invoke = await lambdaProcessor(functionName, region);
  let result: RedriveResult = { processed: 0, failed: 0, isComplete: true };
  await untilInterrupted(objects, terminal, options.json === true, async (progress) => {
    result = await redrive(objects, options.stream, {
      ...progress,
      store,
      invoke,
      now: Date.now,
      onEvent: ({ streamId, key }, error) => {
        if (options.json) terminal.out(JSON.stringify({ streamId, key, error }));
        else if (error) terminal.err(`${printable(streamId)} ${printable(key)} failed again: ${oneLine(error)}`);
      },
      onUnreadable: (key, { message }) => terminal.err(`${printable(key)}: ${printable(message)}`),
    });
  });
  const { processed, failed } = result;
  if (!options.json) terminal.out(`${processed} processed and removed, ${failed} failed again`);
  if (failed > 0) terminal.setExitCode(EXIT.failed);
}

async function discardFailures(keys: readonly string[], options: FailureOptions, terminal: Terminal): Promise<void> {
  const { rewriteObjects } = await import("./failures/rewrite-objects");
  const { untilInterrupted } = await import("./failures/until-interrupted");
  if (keys.length === 0 && [options.stream, options.since, options.all].every((one) => one === undefined))
    throw new CliError("Expected objects, --stream, --since or --all, got none of them.", "OPTION_INVALID");
  const { store } = await open(options);
  const objects = await selected(keys, store, options);
  let discarded = 0;
  await untilInterrupted(objects, terminal, options.json === true, (progress) =>
    rewriteObjects(objects, options.stream, {
      ...progress,
      store,
      async handle(failures) {
        discarded += failures.length;
        if (options.json) for (const { streamId, key } of failures) terminal.out(JSON.stringify({ streamId, key }));
        return failures.map(() => undefined);
      },
      onUnreadable(key, { message }) {
        terminal.err(`${printable(key)}: ${printable(message)}`);
        terminal.setExitCode(EXIT.failed);
      },
    }),
  );
  if (!options.json) terminal.out(`${discarded} discarded`);
}

/** Opens the bucket from the options or the stack outputs. */
async function open(options: FailureOptions) {
  const { s3FailureStore } = await import("./failures/failure-store");
  const deployment = deploymentOf(options);
  const bucket = await deployment.name(options.bucket, "bucketName", "--bucket");
  const region = await deployment.region(options.function);
  return { store: await s3FailureStore(bucket, region), deployment, region };
}

/** The named objects, or those that the options select. */
async function selected(
  keys: readonly string[],
  store: FailureStore,
  options: FailureOptions,
): Promise<FailureObject[]> {
  if (keys.length === 0) return select(store, options);
  if (options.since !== undefined || options.all === true)
    throw new CliError(`Expected either objects or ${options.all ? "--all" : "--since"}, got both.`, "OPTION_INVALID");
  return keys.map((key) => ({ key, at: 0 }));
}

async function select(store: FailureStore, { stream, since }: FailureOptions): Promise<FailureObject[]> {
  const { parseTime, selectObjects } = await import("./failures/select");
  return selectObjects(store, {
    stream,
    since: since === undefined ? undefined : parseTime("--since", since, Date.now()),
  });
}

async function read(store: FailureStore, { key }: FailureObject): Promise<readonly Failure[]> {
  const { readFailureObject } = await import("pulumi-stream-ingestion/internal");
  const text = await store.get(key);
  if (text !== undefined) return readFailureObject(text);
  throw new CliError(
    `The bucket has no object ${key}. \`stream-ingestion failures list\` lists its objects.`,
    "NO_SUCH_OBJECT",
    EXIT.notFound,
  );
}

function oneLine({ code, message }: FailureReason): string {
  const text = printable(`${code}: ${message}`);
  return text.length > 100 ? `${text.slice(0, 99)}…` : text;
}
