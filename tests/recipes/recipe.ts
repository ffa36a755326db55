import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { ConnectionApi } from "../../cli/local/connection-api";
import { startIngestionStack } from "../../cli/local/ingestion-stack";
import { compare } from "../../cli/local/sample/compare";
import { stackEventReader } from "../../cli/local/stack-event";
import { readStoredEvents, type StoredEvent } from "../../cli/local/stored-events";
import { problemOf } from "../chaos/compare-stream";
import { programFolder } from "../local/evaluate/program-folder";
import { eventLog } from "../local/event-log";
import { type InstalledServer, requireInstalled } from "./servers";

const ROOT = resolve(__dirname, "../..");
const HANDOVERS = 2;
/**
 * `hopSeconds` for an upstream that replays nothing or allows one connection: a lease that expires on a busy machine would lose events
 * or open a second connection.
 */
export const LONG_LEASE_SECONDS = 25;
const STOP_MS = 120_000;

export interface RecipeOptions {
  readonly config?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  /** @default 8: two handovers take about eleven seconds */
  readonly hopSeconds?: number;
}

/** A recipe that runs on the local stack. */
export interface RunningRecipe {
  readonly api: ConnectionApi;
  /** What the functions log. */
  readonly logs: readonly string[];
  until(what: string, is: () => boolean | Promise<boolean>): Promise<void>;
  /** Waits for two handovers. @param mode of both; absent: any */
  twoHandovers(mode?: "overlap" | "break"): Promise<void>;
  stored(): Promise<StoredEvent[]>;
  /**
   * Waits until what the upstream sent is stored and processed, stops the streams and compares: every event is stored once and
   * processed once, with the bytes that were sent. The upstream sends nothing more. @param sent data of the events, repeats included
   */
  isComplete(sent: readonly string[]): Promise<void>;
  /** Stops the streams, and waits until what is stored is processed. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** The upstream that a recipe connects to. */
export interface RecipeUpstream {
  close(): Promise<void>;
}

/**
 * Starts an upstream and the recipe before the tests of a suite, and ends both after them. `server`: the installed server that the
 * upstream needs; without it, the suite is skipped, or fails in CI.
 */
export function useRecipe<Upstream extends RecipeUpstream>(
  name: string,
  start: () => Promise<Upstream>,
  options: (upstream: Upstream) => RecipeOptions,
  server?: InstalledServer,
): { readonly upstream: Upstream; readonly recipe: RunningRecipe } {
  const running = {} as { upstream: Upstream; recipe: RunningRecipe };
  before(async function () {
    if (server !== undefined) requireInstalled.call(this, server);
    running.upstream = await start();
    running.recipe = await runRecipe(name, options(running.upstream));
  });
  after(async () => {
    await running.recipe?.close();
    await running.upstream?.close();
  });
  return running;
}

/** Runs the program `docs/recipes/<name>` as a user does, with this repository in place of the npm package. */
async function runRecipe(
  name: string,
  { config = {}, secrets = {}, hopSeconds = 8 }: RecipeOptions,
): Promise<RunningRecipe> {
  const folder = programFolder(filesOf(join(ROOT, "docs/recipes", name)));
  const log = eventLog();
  const tables = new Set<string>();
  const read = stackEventReader({ eventTables: tables });
  const logs: string[] = [];
  const modes: string[] = [];
  const stored = new Set<string>();
  const processed = new Map<string, number>();
  const stack = await startIngestionStack({
    program: folder.path,
    stack: "test",
    config,
    secrets,
    hopSeconds,
    onReport: () => {},
    onEvent: (event) => {
      if (event.kind === "record") tables.add(event.table);
      for (const one of read(event)) {
        if (one.kind === "log") logs.push(one.line);
        if (one.kind === "handover") modes.push(one.mode);
        if (one.kind === "stored") stored.add(one.key);
        if (one.kind === "processed") processed.set(one.key, (processed.get(one.key) ?? 0) + 1);
      }
      log.onEvent(event);
    },
  }).catch((error: unknown) => {
    folder.remove();
    throw error;
  });
  const { api, eventTables } = stack.instances[0]!;
  const readStored = async () =>
    (await Promise.all(eventTables.map((table) => readStoredEvents(stack.cloud, table)))).flat();

  async function stop(): Promise<void> {
    await stack.stopStreams(STOP_MS);
    await log.until("all stored events to be processed", () => processed.size >= stored.size);
  }

  async function isComplete(sent: readonly string[]): Promise<void> {
    const expected = new Set(sent).size;
    // The comparison says what is missing, the wait does not.
    await log.until(`${expected} events to be stored`, () => stored.size >= expected).catch(() => {});
    await stop();
    const copies = (await readStored()).map(({ streamId, key, data = Buffer.alloc(0) }) => ({
      streamId,
      key,
      data: data.toString(),
    }));
    const byKey = new Map(copies.map((event) => [event.key, event]));
    const [streamId = ""] = copies.map((event) => event.streamId);
    const deliveries = [...processed].flatMap(([key, times]) => Array.from({ length: times }, () => byKey.get(key)!));
    const comparison = compare(
      sent.map((data) => ({ streamId, data })),
      copies,
      deliveries,
    );
    assert.equal(problemOf(comparison), undefined);
    assert.ok(comparison.stored > 0);
  }

  return {
    api,
    logs,
    until: log.until,
    twoHandovers: async (mode) => {
      const expected = () => modes.filter((one) => mode === undefined || one === mode).length;
      await log.until(`${HANDOVERS} handovers`, () => expected() >= HANDOVERS);
    },
    stored: readStored,
    isComplete,
    stop,
    close: async () => {
      await stack.close();
      folder.remove();
    },
  };
}

function filesOf(folder: string): Record<string, string> {
  const files = readdirSync(folder).filter((file) => file.endsWith(".ts"));
  return Object.fromEntries(
    files.map((file) => [
      file,
      readFileSync(join(folder, file), "utf8")
        .replace('"pulumi-stream-ingestion"', JSON.stringify(join(ROOT, "components/index")))
        .replace('"pulumi-stream-ingestion/processor"', JSON.stringify(join(ROOT, "runtime/processor/index"))),
    ]),
  );
}
