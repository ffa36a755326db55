import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { CloudEvent } from "stream-ingestion-local";
import { type IngestionStack, startIngestionStack } from "../../cli/local/ingestion-stack";
import { programFolder } from "../local/evaluate/program-folder";

const ROOT = resolve(__dirname, "../..");

export interface LocalDeployment {
  readonly stack: IngestionStack;
  readonly dataDir: string;
  readonly events: readonly CloudEvent[];
  readonly reports: readonly string[];
  /** Resolves to the first past or future event that matches. Rejects after `timeoutMs`. */
  until<T extends CloudEvent>(what: string, matches: (event: CloudEvent) => event is T, timeoutMs?: number): Promise<T>;
  until(what: string, matches: (event: CloudEvent) => boolean, timeoutMs?: number): Promise<CloudEvent>;
  /** Polls until the result is not undefined. */
  eventually<T>(what: string, ask: () => Promise<T | undefined>, timeoutMs?: number): Promise<T>;
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
  const events: CloudEvent[] = [];
  const reports: string[] = [];
  const listeners = new Set<() => void>();
  const stack = await startIngestionStack({
    program: folder.path,
    stack: "dev",
    config: {},
    secrets: options.secrets,
    dataDir,
    hopSeconds: options.hopSeconds,
    onReport: (message) => void reports.push(message),
    onEvent: (event) => {
      events.push(event);
      for (const listener of [...listeners]) listener();
    },
  }).catch((error) => {
    removeFiles();
    throw error;
  });

  const until = (what: string, matches: (event: CloudEvent) => boolean, timeoutMs = 20_000) =>
    new Promise<CloudEvent>((found, failed) => {
      let checked = 0;
      const end = (settle: () => void) => {
        clearTimeout(timer);
        listeners.delete(check);
        settle();
      };
      const check = () => {
        while (checked < events.length) {
          const event = events[checked++]!;
          if (matches(event)) return end(() => found(event));
        }
      };
      const timer = setTimeout(() => end(() => failed(new Error(`Waited ${timeoutMs} ms for ${what}`))), timeoutMs);
      listeners.add(check);
      check();
    });

  return {
    stack,
    dataDir,
    events,
    reports,
    until: until as LocalDeployment["until"],
    eventually: async (what, ask, timeoutMs = 20_000) => {
      const end = Date.now() + timeoutMs;
      for (;;) {
        const answer = await ask();
        if (answer !== undefined) return answer;
        if (Date.now() > end) throw new Error(`Waited ${timeoutMs} ms for ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    close: async () => {
      await stack.close();
      removeFiles();
    },
  };
}
