import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { type EngineCloud, type EngineCloudOptions, isProcessAlive } from "stream-ingestion-local";
import { openSession } from "../session/session-file";
import { onStopSignal } from "../stop-signals";
import { CliError } from "../terminal";
import { exportedResources } from "../verify/exported-resources";
import type { ExportedResource } from "../verify/find-deployment";

export interface ProviderRun {
  /** A program and its arguments: `pulumi up -s local`, or a shell. */
  readonly command: readonly string[];
  /** @param onRequest serves a request of the console */
  readonly start: (onRequest: EngineCloudOptions["onRequest"]) => Promise<EngineCloud>;
  /** The stack's resources after the command. @default those of `pulumi stack export` */
  readonly resources?: () => Promise<readonly ExportedResource[]>;
  /** Folder of the Pulumi program. */
  readonly program: string;
  /** Name of the Pulumi stack. */
  readonly stack: string;
  /** Prints a message to stderr. stdout is the command's. */
  readonly report: (message: string) => void;
}

/**
 * `stream-ingestion local -- COMMAND`: runs a command with this machine as its AWS account. The deployed resources run until
 * Ctrl-C. When none runs (after `destroy`, `preview` or a failure), the run ends with the command. Resolves to the command's
 * exit code.
 */
export async function runWithProvider({
  command,
  start,
  program,
  stack,
  report,
  ...run
}: ProviderRun): Promise<number> {
  const { resources = () => exportedResources({ program, stack }) } = run;
  const stop = new AbortController();
  // A terminal sends Ctrl-C to the command too, and Pulumi ends in its own way.
  const removeHandlers = onStopSignal(() => stop.abort());
  let page: Awaited<ReturnType<typeof consoleOf>>;
  const engine = await start((request, response) => page?.server.handle(request, response) ?? false);
  const { endpoint, region, operator } = engine.cloud;
  const session = openSession(program, isProcessAlive);
  if (session.note !== undefined) report(session.note);
  session.write({ stack, endpoint, region, operator });
  try {
    const code = await exitOf(spawnCommand(command, engine.environment));
    if (stop.signal.aborted || engine.count() === 0) return code;
    if (engine.isDestroyed()) {
      report(`${engine.count()} retained resources end with this command. Keep them with --data-dir.`);
      return code;
    }
    report(`${engine.count()} resources run at ${engine.cloud.endpoint} until Ctrl-C.`);
    // A program of the Automation API has a stack that the Pulumi CLI does not find. Then there is no console.
    const all = await resources().catch(() => []);
    // The resources run, with or without a console.
    page = await consoleOf(engine, stack, all).catch((error: Error) => {
      report(`No console: ${error.message}`);
      return undefined;
    });
    if (page !== undefined) report(`Console  ${page.server.link(endpoint)}`);
    await aborted(stop.signal);
    return code;
  } finally {
    removeHandlers();
    session.close();
    page?.close();
    await engine.close();
  }
}

/** Undefined: the stack has no `StreamIngestion`. */
async function consoleOf(
  { cloud: { endpoint, region, operator } }: EngineCloud,
  stack: string,
  resources: readonly ExportedResource[],
) {
  const { hasApi, stackConsole } = await import("../console/deployed-console");
  if (!resources.some(hasApi)) return undefined;
  const { accessKeyId, secretAccessKey } = operator;
  const access = { endpoint, region, credentials: { accessKeyId, secretAccessKey } };
  return stackConsole({ kind: "local", stack, write: true, resources, access });
}

function spawnCommand([file = "", ...args]: readonly string[], environment: EngineCloud["environment"]) {
  return spawn(file, args, { stdio: "inherit", env: { ...process.env, ...environment } });
}

function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on("error", (error: NodeJS.ErrnoException) => {
      const why = error.code === "ENOENT" ? "is not on PATH" : `could not be started (${error.message})`;
      reject(
        new CliError(`The command ${child.spawnfile} ${why}.`, "COMMAND_NOT_STARTED", undefined, { cause: error }),
      );
    });
    // As in shells: 128 plus the number of the signal that ended the command.
    child.on("exit", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    // A pending promise does not keep the process alive; this timer does.
    const keepAlive = setInterval(() => {}, 60_000);
    signal.addEventListener("abort", () => resolve(clearInterval(keepAlive)), { once: true });
  });
}
