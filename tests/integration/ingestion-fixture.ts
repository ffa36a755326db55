import { resolve } from "node:path";
import { connectionClient } from "../../cli/connection-client";
import { type IngestionStack, startIngestionStack } from "../../cli/local/ingestion-stack";
import type { ConnectionView } from "../../runtime/control/api/view";
import { programFolder } from "../local/evaluate/program-folder";

const ROOT = resolve(__dirname, "../..");
const POLL_MS = 100;
const TIMEOUT_MS = 200_000;

/** The component on the local stack, with an operator's client. */
export interface Ingestion {
  readonly stack: IngestionStack;
  /** `resume: false` starts without the checkpoint. */
  start(streamId: string, resume?: boolean): Promise<void>;
  stop(streamId: string): Promise<void>;
  read(streamId: string): Promise<ConnectionView>;
  /** Polls the stream until `is` returns true. */
  until(streamId: string, what: string, is: (stream: ConnectionView) => boolean): Promise<ConnectionView>;
  /** The alarms in ALARM, such as `streams-mute`. */
  alarms(): string[];
  close(): Promise<void>;
}

export interface IngestionOptions {
  readonly url: string;
  readonly hopSeconds: number;
  /** Further arguments of the component, as source text. */
  readonly args?: string;
  /** Further arguments of the source, as source text. */
  readonly source?: string;
  /** The processor's handler, as source text. It handles every event unless given. */
  readonly handler?: string;
}

export async function startIngestion({
  url,
  hopSeconds,
  args = "",
  source = "",
  handler = "eachEvent(() => {})",
}: IngestionOptions): Promise<Ingestion> {
  const folder = programFolder({
    "index.ts": `import * as pulumi from "@pulumi/pulumi";
      import { StreamIngestion } from "${ROOT}/components/index";
      new StreamIngestion("test", {
        source: { url: new pulumi.Config().require("url"), path: "/{streamId}", ${source} },
        processor: { entry: "./processor.ts" },
        ${args}
      });`,
    "processor.ts": `import { eachEvent } from "${ROOT}/runtime/processor/index";
      export const handler = ${handler};`,
  });
  const stack = await startIngestionStack({
    program: folder.path,
    stack: "dev",
    config: { url },
    secrets: {},
    hopSeconds,
    onReport: () => {},
  });
  const { region, operator, alarms } = stack.cloud;
  const client = connectionClient({ apiUrl: stack.instances[0]!.apiUrl, region, credentials: operator });
  const read = (streamId: string) => repeated(() => client.read(streamId));
  return {
    stack,
    start: async (streamId, resume = true) => void (await repeated(() => client.start(streamId, resume))),
    stop: async (streamId) => void (await repeated(() => client.stop(streamId))),
    read,
    until: async (streamId, what, is) => {
      for (const end = Date.now() + TIMEOUT_MS; ; await new Promise((done) => setTimeout(done, POLL_MS))) {
        const stream = await read(streamId);
        if (is(stream)) return stream;
        if (Date.now() > end) throw new Error(`Waited for ${what} of ${streamId}: ${JSON.stringify(stream)}`);
      }
    },
    alarms: () =>
      alarms
        .names()
        .filter((name) => alarms.state(name)?.inAlarm)
        .map((name) => name.replace(/^test-(.*)-[0-9a-f]{7}$/, "$1"))
        .sort(),
    close: async () => {
      await stack.close();
      folder.remove();
    },
  };
}

/** As an operator repeats a call that a busy machine could not answer in time. */
async function repeated<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if ((error as { code?: string }).code !== "UNAVAILABLE") throw error;
    return repeated(call);
  }
}
