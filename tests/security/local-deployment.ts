import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type IngestionStack, startIngestionStack } from "../../cli/local/ingestion-stack";
import { programFolder } from "../local/evaluate/program-folder";
import { type EventLog, eventLog } from "../local/event-log";

const ROOT = resolve(__dirname, "../..");

export interface LocalDeployment extends Omit<EventLog, "onEvent"> {
  readonly stack: IngestionStack;
  readonly dataDir: string;
  readonly reports: readonly string[];
  close(): Promise<void>;
}

export interface LocalDeploymentOptions {
  /** Body of the program; `StreamIngestion`, `config` and `pulumi` are in scope. */
  readonly program: string;
  readonly processor?: string;
  readonly secrets: Readonly<Record<string, string>>;
  readonly hopSeconds?: number;
}

const QUIET_PROCESSOR = `import { eachEvent } from "${ROOT}/runtime/processor/index";
export const handler = eachEvent(() => {});`;

/** Runs a program on the local stack, in this process, and records its events. */
export async function deployLocally(options: LocalDeploymentOptions): Promise<LocalDeployment> {
  const folder = programFolder({
    "index.ts": `import * as pulumi from "@pulumi/pulumi";
import { StreamIngestion } from "${ROOT}/components/index";
const config = new pulumi.Config();
${options.program}`,
    "processor.ts": options.processor ?? QUIET_PROCESSOR,
  });
  const dataDir = mkdtempSync(join(tmpdir(), "stream-ingestion-data-"));
  const removeFiles = () => {
    folder.remove();
    rmSync(dataDir, { recursive: true, force: true });
  };
  const log = eventLog();
  const reports: string[] = [];
  const stack = await startIngestionStack({
    program: folder.path,
    stack: "dev",
    config: {},
    secrets: options.secrets,
    dataDir,
    hopSeconds: options.hopSeconds,
    onReport: (message) => void reports.push(message),
    onEvent: log.onEvent,
  }).catch((error) => {
    removeFiles();
    throw error;
  });

  return {
    stack,
    dataDir,
    events: log.events,
    reports,
    until: log.until,
    seen: log.seen,
    close: async () => {
      await stack.close();
      removeFiles();
    },
  };
}
