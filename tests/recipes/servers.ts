import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { skipWithout } from "../skip-without";

const CACHE = resolve(__dirname, "../../.cache/recipes");
/** Where `npm run test:recipes` installs the real servers (install.mjs). */
export const INSTALLED = {
  npm: join(__dirname, "node_modules"),
  python: join(CACHE, "python/bin/python"),
  etcd: join(CACHE, "etcd/usr/bin/etcd"),
};

export type InstalledServer = keyof typeof INSTALLED;

/** A real server in a process. */
export interface ServerProcess {
  readonly url: string;
  /** Lines that it printed. */
  readonly output: readonly string[];
  /** Ends the process, and resolves when it has ended. */
  close(): Promise<void>;
}

/** Skips the tests of a server that is not installed. In CI, they fail. */
export function requireInstalled(this: Mocha.Context, what: InstalledServer): void {
  if (existsSync(INSTALLED[what])) return;
  skipWithout(this, `${INSTALLED[what]} does not exist. Run \`npm run test:recipes\`, which installs it.`);
}

export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The line of the output that contains the server's URL. */
  readonly ready: RegExp;
}

/** Starts a server and waits for the line with its URL. @throws Error with its output when it ends before */
export async function startServerProcess({ command, args, env = {}, ready }: ServerCommand): Promise<ServerProcess> {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const output: string[] = [];
  const url = new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on("line", (line) => {
        output.push(line);
        const [, found] = ready.exec(line) ?? [];
        if (found !== undefined) resolve(found);
      });
    child.on("error", reject);
    child.on("close", () => reject(new Error(`${command} ended:\n${output.join("\n")}`)));
  });
  return { url: await url, output, close: () => end(child) };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, "close");
  child.kill();
  await closed;
}
