import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { type LocalStack, startLocalStack } from "stream-ingestion-local";
import { lines as linesOf, startUpstream } from "../fakes/upstream";
import { programFolder } from "../local/evaluate/program-folder";
import { type EventLog, eventLog } from "../local/event-log";

const ROOT = resolve(__dirname, "../..");
/** With this value schedules run every second, so that declared streams start at once. */
const HOP_SECONDS = 15;

/** An example's program and an upstream that sends `lines` to its one stream. */
export interface RunningExample extends Pick<EventLog, "events" | "until"> {
  readonly stack: LocalStack;
  readonly outputs: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export interface ExampleOptions {
  readonly lines: readonly string[];
  readonly config?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  /** Before the stream starts. */
  readonly prepare?: (stack: LocalStack) => void;
}

/** Runs `examples/<name>` as a user does, with this repository in place of the npm package. */
export async function runExample(
  name: string,
  { lines, config = {}, secrets = {}, prepare }: ExampleOptions,
): Promise<RunningExample> {
  const folder = programFolder(filesOf(resolve(ROOT, "examples", name)));
  const upstream = await startUpstream(linesOf(lines.map((line) => `${line}\n`).join(""), "stay"));
  const log = eventLog();
  const stack = await startLocalStack({
    program: folder.path,
    stack: "test",
    config,
    secrets: { url: upstream.url, ...secrets },
    hopSeconds: HOP_SECONDS,
    onReport: () => {},
    onEvent: log.onEvent,
  }).catch(async (error: unknown) => {
    await upstream.close();
    folder.remove();
    throw error;
  });
  prepare?.(stack);
  return {
    stack,
    events: log.events,
    outputs: stack.outputs as Readonly<Record<string, string>>,
    until: log.until,
    async close() {
      await stack.close();
      await upstream.close();
      folder.remove();
    },
  };
}

function filesOf(folder: string): Record<string, string> {
  const files = readdirSync(folder).map((file) => [
    file,
    readFileSync(resolve(folder, file), "utf8")
      .replace('"pulumi-stream-ingestion/processor"', JSON.stringify(resolve(ROOT, "runtime/processor/index")))
      .replace('"pulumi-stream-ingestion"', JSON.stringify(resolve(ROOT, "components/index"))),
  ]);
  return Object.fromEntries(files);
}
