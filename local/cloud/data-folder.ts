import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { LocalError } from "../local-error";

const LOCK_FILE = "in-use-by";

/**
 * Locks a data folder for this process alone, and creates it if missing; returns its unlock function. What a
 * process left behind that ended without unlocking it is ignored.
 * @throws LocalError when another process has it, or it cannot be written
 */
export function lockDataFolder(folder: string): () => void {
  const path = resolve(folder);
  const lock = join(path, LOCK_FILE);
  try {
    mkdirSync(path, { recursive: true });
    const owner = ownerOf(lock);
    if (owner !== undefined && owner !== process.pid && isAlive(owner))
      throw new LocalError(
        `The data folder ${path} is in use by another local stack (process ${owner}). End that, or name another folder with --data-dir. (If it is another kind of process, remove ${lock}.)`,
      );
    writeFileSync(lock, String(process.pid));
  } catch (cause) {
    if (cause instanceof LocalError) throw cause;
    throw new LocalError(
      `The data folder ${path} cannot be used: ${(cause as Error).message}. Name a folder that can be written with --data-dir.`,
      { cause },
    );
  }
  return () => rmSync(lock, { force: true });
}

function ownerOf(lock: string): number | undefined {
  try {
    return Number(readFileSync(lock, "utf8")) || undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
