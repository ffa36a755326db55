import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { ExportedResource } from "../verify/find-deployment";

/** A local stack that runs, for commands in other terminals. */
export interface Session {
  readonly v: 1;
  /** Process of the local stack. */
  readonly pid: number;
  /** Of several local stacks of a project, commands use the newest. */
  readonly startedAt: number;
  /** Name of the Pulumi stack. */
  readonly stack: string;
  readonly endpoint: string;
  readonly region: string;
  readonly operator: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** What the commands read of the stack's state. Absent: the Pulumi CLI has it. */
  readonly resources?: readonly ExportedResource[];
}

const FOLDER = ".stream-ingestion";
/** One file for each process, so that the local stacks of a project do not change each other's. */
const FILE = /^local\.\d+\.json$/;

/** The session file of this process. */
export interface SessionFile {
  /** The other local stacks of the project that run, as a sentence for the user. */
  readonly note?: string;
  /** Writes it, readable by its owner only. Has no effect after `close`. */
  write(session: Omit<Session, "v" | "pid" | "startedAt">): void;
  /** Removes it. */
  close(): void;
}

/** @param isAlive whether a process runs */
export function openSession(
  program: string,
  isAlive: (pid: number) => boolean,
  startedAt: number = Date.now(),
): SessionFile {
  const others = liveSessions(program, readSessions(program), isAlive).filter(({ pid }) => pid !== process.pid);
  let isClosed = false;
  return {
    note: others.length === 0 ? undefined : othersText(others),
    write(session) {
      if (isClosed) return;
      const content: Session = { v: 1, pid: process.pid, startedAt, ...session };
      writeOwnFile(sessionFile(program), JSON.stringify(content, null, 2));
    },
    close() {
      isClosed = true;
      rmSync(sessionFile(program), { force: true });
    },
  };
}

function othersText(others: readonly Session[]): string {
  const stacks = others.map(({ endpoint, pid }) => `${endpoint} (process ${pid})`);
  return (
    `Other local stacks of this project run at ${stacks.join(", ")}. ` +
    "Commands in other terminals use this one, unless AWS_ENDPOINT_URL names another."
  );
}

/** Replaces a file of the project's folder for local stacks, readable by its owner only. */
export function writeOwnFile(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  // The folder contains credentials, of this machine only. Nobody should commit it.
  writeFileSync(join(dirname(file), ".gitignore"), "*\n");
  writeFileSync(`${file}.${process.pid}`, text, { mode: 0o600 });
  renameSync(`${file}.${process.pid}`, file);
}

/** The sessions in the project of a program's folder, newest first, also of processes that have ended. */
export function readSessions(program: string): Session[] {
  const folder = sessionFolder(program);
  return namesIn(folder)
    .filter((name) => FILE.test(name))
    .flatMap((name) => readSession(join(folder, name)) ?? [])
    .sort((a, b) => b.startedAt - a.startedAt);
}

/** The sessions whose process runs. The files of the others are removed. */
export function liveSessions(
  program: string,
  sessions: readonly Session[],
  isAlive: (pid: number) => boolean,
): Session[] {
  return sessions.filter(({ pid }) => {
    if (isAlive(pid)) return true;
    rmSync(sessionFile(program, pid), { force: true });
    return false;
  });
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Undefined: it does not exist any more, or is not of this version. */
function readSession(file: string): Session | undefined {
  try {
    const session = JSON.parse(readFileSync(file, "utf8")) as Session;
    const isSession = session.v === 1 && Number.isInteger(session.pid) && Number.isFinite(session.startedAt);
    return isSession ? session : undefined;
  } catch {
    return undefined;
  }
}

/** @param pid process of the local stack. @default this one */
export function sessionFile(program: string, pid: number = process.pid): string {
  return join(sessionFolder(program), `local.${pid}.json`);
}

/** In the nearest folder with a Pulumi.yaml, so that commands work in every folder of a project. */
export function sessionFolder(program: string): string {
  const start = resolve(program);
  for (let folder = start; ; folder = dirname(folder)) {
    if (["Pulumi.yaml", "Pulumi.yml"].some((name) => existsSync(join(folder, name)))) return join(folder, FOLDER);
    if (dirname(folder) === folder) return join(start, FOLDER);
  }
}
