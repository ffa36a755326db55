import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import type { EngineCloud } from "../../local/provider/index";
import { CliError } from "../terminal";

export interface ProviderRun {
  /** A program and its arguments: `pulumi up -s local`, or a shell in which several are run. */
  readonly command: readonly string[];
  readonly start: () => Promise<EngineCloud>;
  /** Sentences for the user, on stderr: stdout belongs to the command. */
  readonly say: (sentence: string) => void;
}

/**
 * `stream-ingestion local -- COMMAND`: runs a command for which this machine is AWS. What it deployed stays up afterwards,
 * until Ctrl-C; where nothing is left (`destroy`, `preview`, a failure that made nothing) the run ends with it.
 * Resolves to the exit code: the command's own.
 */
export async function runWithProvider({ command, start, say }: ProviderRun): Promise<number> {
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  // While the command runs, Ctrl-C is the command's: a terminal sends it to both, and Pulumi has its own way to end.
  for (const signal of SIGNALS) process.on(signal, interrupt);
  const engine = await start();
  try {
    const code = await exitOf(spawnCommand(command, engine.environment));
    if (stop.signal.aborted || engine.count() === 0) return code;
    say(`${engine.count()} resources live at ${engine.cloud.endpoint} until Ctrl-C.`);
    await aborted(stop.signal);
    return code;
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupt);
    await engine.close();
  }
}

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

function spawnCommand([file = "", ...args]: readonly string[], environment: Readonly<Record<string, string>>) {
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
    // As shells do it: a command that a signal ended has 128 and the signal's number.
    child.on("exit", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    // A pending promise keeps no process alive, this timer does.
    const alive = setInterval(() => {}, 60_000);
    signal.addEventListener("abort", () => resolve(clearInterval(alive)), { once: true });
  });
}
