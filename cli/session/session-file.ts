import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { ExportedResource } from "../verify/find-deployment";

/** A local stack that runs, for commands in other terminals. */
export interface Session {
  readonly v: 1;
  /** Process of the local stack. */
  readonly pid: number;
  /** Name of the Pulumi stack. */
  readonly stack: string;
  readonly endpoint: string;
  readonly region: string;
  readonly operator: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** What the commands read of the stack's state. Absent: the Pulumi CLI has it. */
  readonly resources?: readonly ExportedResource[];
}

const FOLDER = ".stream-ingestion";
const FILE = "local.json";

/** The session file of a local stack's project. */
export interface SessionFile {
  /** The session of another local stack of the project, which this one replaces until it ends. */
  readonly other?: Session;
  /** Writes it, readable by its owner only. Has no effect while a later local stack of the project has replaced it. */
  write(session: Omit<Session, "v" | "pid">): void;
  /** Removes it, or puts the other session back. */
  close(): void;
}

/** @param isAlive whether a process runs */
export function openSession(program: string, isAlive: (pid: number) => boolean): SessionFile {
  const before = readSession(program);
  const other = before !== undefined && isAlive(before.pid) ? before : undefined;
  let written = false;
  const isReplaced = () => {
    const now = readSession(program);
    return written && now !== undefined && now.pid !== process.pid && isAlive(now.pid);
  };
  return {
    other,
    write(session) {
      if (!isReplaced()) writeFile(program, { v: 1, pid: process.pid, ...session });
      written = true;
    },
    close() {
      if (readSession(program)?.pid !== process.pid) return;
      if (other !== undefined && isAlive(other.pid)) writeFile(program, other);
      else removeSession(program);
    },
  };
}

function writeFile(program: string, session: Session): void {
  writeOwnFile(sessionFile(program), JSON.stringify(session, null, 2));
}

/** Replaces a file of the project's folder for local stacks, readable by its owner only. */
export function writeOwnFile(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  // The folder contains credentials, of this machine only. Nobody should commit it.
  writeFileSync(join(dirname(file), ".gitignore"), "*\n");
  writeFileSync(`${file}.${process.pid}`, text, { mode: 0o600 });
  renameSync(`${file}.${process.pid}`, file);
}

/** The session in the project of a program's folder, also of a process that has ended. Undefined: there is none of this version. */
export function readSession(program: string): Session | undefined {
  try {
    const session = JSON.parse(readFileSync(sessionFile(program), "utf8")) as Session;
    return session.v === 1 && Number.isInteger(session.pid) ? session : undefined;
  } catch {
    return undefined;
  }
}

export function removeSession(program: string): void {
  rmSync(sessionFile(program), { force: true });
}

/** In the nearest folder with a Pulumi.yaml, so that commands work in every folder of a project. */
export function sessionFile(program: string): string {
  const start = resolve(program);
  for (let folder = start; ; folder = dirname(folder)) {
    if (["Pulumi.yaml", "Pulumi.yml"].some((name) => existsSync(join(folder, name)))) return join(folder, FOLDER, FILE);
    if (dirname(folder) === folder) return join(start, FOLDER, FILE);
  }
}
