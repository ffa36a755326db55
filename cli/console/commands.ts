import { explained } from "../aws-error";
import type { RedriveResult } from "../failures/redrive";
import type { ConsoleState } from "./console-state";
import type { CommandResult, FailureView, StreamView } from "./protocol";

/** What the commands do to one instance. Each rejects with a sentence for the user. */
export interface CommandTarget {
  start(streamId: string): Promise<unknown>;
  stop(streamId: string): Promise<unknown>;
  requestHandover(streamId: string): Promise<unknown>;
  redrive(object: string): Promise<RedriveResult>;
  redriveAll(): Promise<RedriveResult>;
  discard(object: string): Promise<unknown>;
}

/** Runs a command of the page. @param body as received */
export type CommandRunner = (name: string, body: unknown) => Promise<CommandResult>;

export interface CommandOptions {
  readonly state: Pick<ConsoleState, "stream" | "failure">;
  /** Undefined: the instance does not exist. */
  readonly target: (instance: string) => CommandTarget | undefined;
  /** Those of all instances. */
  readonly targets: () => readonly Pick<CommandTarget, "redriveAll">[];
  /** Set when commands are not allowed: the sentence about how to allow them. */
  readonly readOnly?: string;
  /** Called after a command, to show its effect soon. */
  readonly onDone?: () => void;
}

const STREAM_COMMANDS = ["start", "stop", "handover"];
const FAILURE_COMMANDS = ["redrive", "discard"];
const ALL = "redrive-all";
const BUSY = refused("BUSY", "A command for failed events is running.");

export function commandRunner({ state, target, targets, readOnly, onDone }: CommandOptions): CommandRunner {
  /** Objects that a command handles now, or {@link ALL} of them. A second redrive would process them twice. */
  const busy = new Set<string>();

  async function run(
    name: string,
    body: { readonly stream?: unknown; readonly failure?: unknown },
  ): Promise<CommandResult> {
    const allowed = [...STREAM_COMMANDS, ...FAILURE_COMMANDS, ALL];
    if (!allowed.includes(name))
      return refused("COMMAND_UNKNOWN", `Expected a command of ${allowed.join(", ")}, got "${name}".`);
    if (readOnly !== undefined) return refused("READ_ONLY", readOnly);
    if (STREAM_COMMANDS.includes(name)) {
      const stream = state.stream(String(body.stream));
      const instance = stream && target(stream.instance);
      if (instance === undefined) return refused("STREAM_UNKNOWN", `The stack has no stream "${body.stream}".`);
      return onStream(name, stream!, instance);
    }
    if (name === ALL) return busy.size > 0 ? BUSY : alone(ALL, () => onAll(targets()));
    const failure = state.failure(String(body.failure));
    const instance = failure && target(failure.stream.split("/")[0]!);
    if (instance === undefined) return refused("FAILURE_UNKNOWN", "The failed event is not in the bucket any more.");
    const lock = `${failure!.stream.split("/")[0]}/${failure!.object}`;
    return busy.has(lock) || busy.has(ALL) ? BUSY : alone(lock, () => onFailure(name, failure!, instance));
  }

  async function alone(lock: string, handle: () => Promise<CommandResult>): Promise<CommandResult> {
    busy.add(lock);
    try {
      return await handle();
    } finally {
      busy.delete(lock);
    }
  }

  return async (name, body) => {
    try {
      return await run(name, typeof body === "object" && body !== null ? body : {});
    } catch (error) {
      const {
        message,
        name: errorName,
        code = errorName,
      } = explained(error as Error) as Error & {
        readonly code?: string;
      };
      return refused(code, message);
    } finally {
      onDone?.();
    }
  };
}

async function onStream(name: string, { streamId }: StreamView, target: CommandTarget): Promise<CommandResult> {
  if (name === "start") {
    await target.start(streamId);
    return done(`${streamId}: started.`);
  }
  if (name === "stop") {
    await target.stop(streamId);
    return done(`${streamId}: stopped.`);
  }
  await target.requestHandover(streamId);
  return done(`${streamId}: the hop hands over within about two minutes.`);
}

async function onFailure(name: string, { object }: FailureView, target: CommandTarget): Promise<CommandResult> {
  if (name === "discard") {
    await target.discard(object);
    return done("Discarded.");
  }
  return redriven(await target.redrive(object));
}

async function onAll(targets: readonly Pick<CommandTarget, "redriveAll">[]): Promise<CommandResult> {
  let sum: RedriveResult = { processed: 0, failed: 0, isComplete: true };
  for (const target of targets) {
    const { processed, failed, isComplete } = await target.redriveAll();
    sum = { processed: sum.processed + processed, failed: sum.failed + failed, isComplete };
    if (!isComplete) break;
  }
  return redriven(sum);
}

function redriven({ processed, failed, isComplete }: RedriveResult): CommandResult {
  if (!isComplete) {
    const counts = `${processed} events processed${failed > 0 ? `, ${failed} failed again` : ""}`;
    return refused("INTERRUPTED", `${counts}. An update of the stack interrupted the command: run it again.`);
  }
  if (failed > 0) return refused("FAILED_AGAIN", `${failed} of ${processed + failed} events failed again.`);
  return done(
    processed === 1 ? "Processed, and removed from the bucket." : `${processed} events processed and removed.`,
  );
}

function done(message: string): CommandResult {
  return { ok: true, message };
}

function refused(code: string, message: string): CommandResult {
  return { ok: false, code, message };
}
