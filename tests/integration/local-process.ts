import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { FROM_SOURCE } from "../../scripts/from-source";

const ROOT = resolve(__dirname, "../..");

/** How to run the command: `node` with `nodeArgs` in the folder `cwd`. */
export interface Installation {
  readonly cwd: string;
  readonly nodeArgs: readonly string[];
}

const SOURCE: Installation = {
  cwd: ROOT,
  nodeArgs: [...FROM_SOURCE, resolve(ROOT, "cli/main.ts")],
};

/** One line of `--json`. */
export type Line = { readonly kind: string } & Readonly<Record<string, unknown>>;

/** `stream-ingestion local --json …` in a separate process, as a user runs it. */
export interface LocalProcess {
  readonly pid: number;
  readonly lines: readonly Line[];
  /** Resolves to the first past or future line that matches. Rejects with stderr when the process ends before. */
  line(matches: (line: Line) => boolean): Promise<Line>;
  /** Sends a signal, and resolves to the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export function startLocal(args: readonly string[], from: Installation = SOURCE): LocalProcess {
  const child = run(["local", "--json", ...args], from);
  const lines: Line[] = [];
  const waiting = new Set<() => void>();
  let ended = false;
  let stderr = "";
  child.stderr?.on("data", (chunk) => {
    stderr += chunk;
  });
  const checkAll = () => {
    for (const check of [...waiting]) check();
  };
  createInterface({ input: child.stdout! }).on("line", (text) => {
    lines.push(JSON.parse(text) as Line);
    checkAll();
  });
  const exit = once(child, "close").then(([code]) => {
    ended = true;
    checkAll();
    return code as number | null;
  });

  return {
    pid: child.pid!,
    lines,
    line: (matches) =>
      new Promise((found, failed) => {
        let from = 0;
        const check = () => {
          for (; from < lines.length; from += 1) {
            if (!matches(lines[from]!)) continue;
            waiting.delete(check);
            found(lines[from]!);
            return;
          }
          if (!ended) return;
          waiting.delete(check);
          failed(new Error(`The process ended without the expected line. ${stderr}`));
        };
        waiting.add(check);
        check();
      }),
    stop: async (signal = "SIGTERM") => {
      child.kill(signal);
      return exit;
    },
  };
}

/** Runs a command of `stream-ingestion` to its end. */
export async function runToEnd(
  args: readonly string[],
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = run(args);
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.on("data", (chunk) => {
      output[name] += chunk;
    });
  }
  const [code] = await once(child, "close");
  return { code: code as number | null, ...output };
}

function run(args: readonly string[], { cwd, nodeArgs }: Installation = SOURCE): ChildProcess {
  return spawn(process.execPath, [...nodeArgs, ...args], { stdio: ["ignore", "pipe", "pipe"], cwd });
}
