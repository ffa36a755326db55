import { readFileSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { newToken } from "../console/access";
import { liveSessions, readSessions, sessionFolder, writeOwnFile } from "./session-file";

/** Where the console of a project's local stack is, from run to run: a page that stays open connects again. */
export interface ConsoleAddress {
  readonly token: string;
  /** 0: any free port. */
  readonly port: number;
}

const FILE = "console.json";

/** The address of the last run with a port that is free now, or a new one. @param port as the user set it; 0: none */
export async function consoleAddress(program: string, port: number): Promise<ConsoleAddress> {
  const last = read(program);
  if (last === undefined) return { token: newToken(), port };
  return { token: last.token, port: port === 0 && (await isFree(last.port)) ? last.port : port };
}

/**
 * Keeps an address for the next run, readable by its owner only. Has no effect while another local stack runs at the kept address: that
 * one uses it again after a restart.
 * @param isAlive whether a process runs
 */
export function keepConsoleAddress(program: string, address: ConsoleAddress, isAlive: (pid: number) => boolean): void {
  const last = read(program);
  const others = liveSessions(program, readSessions(program), isAlive).filter(({ pid }) => pid !== process.pid);
  if (last !== undefined && others.some(({ endpoint }) => endpoint.endsWith(`:${last.port}`))) return;
  writeOwnFile(join(sessionFolder(program), FILE), JSON.stringify(address));
}

function read(program: string): ConsoleAddress | undefined {
  try {
    const file = join(sessionFolder(program), FILE);
    // Another user may have read or written the token.
    if ((statSync(file).mode & 0o077) !== 0) return undefined;
    const text = readFileSync(file, "utf8");
    const { token, port } = JSON.parse(text) as ConsoleAddress;
    const isPort = Number.isInteger(port) && port >= 0 && port <= 65_535;
    return typeof token === "string" && token.length >= 32 && isPort ? { token, port } : undefined;
  } catch {
    return undefined;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
