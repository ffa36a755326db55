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

/** Writes the session file of a program's project, readable by its owner only. Returns a function that removes it. */
export function writeSession(program: string, session: Omit<Session, "v" | "pid">): () => void {
  const file = sessionFile(program);
  const content: Session = { v: 1, pid: process.pid, ...session };
  mkdirSync(dirname(file), { recursive: true });
  // The file contains credentials, of this machine only. Nobody should commit it.
  writeFileSync(join(dirname(file), ".gitignore"), "*\n");
  writeFileSync(`${file}.${process.pid}`, JSON.stringify(content, null, 2), { mode: 0o600 });
  renameSync(`${file}.${process.pid}`, file);
  return () => {
    // A second local stack of the project may have replaced it.
    if (readSession(program)?.pid === process.pid) rmSync(file, { force: true });
  };
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
