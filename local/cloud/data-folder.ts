import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { LocalError } from "../local-error";
import { isProcessAlive } from "./is-process-alive";

const LOCK_FILE = "in-use-by";

/**
 * Locks a data folder for this process, and creates it if it is missing. Returns the unlock function. The lock of a process
 * that no longer runs is ignored.
 * @throws LocalError when another process has the lock, or the folder cannot be written
 */
export function lockDataFolder(folder: string): () => void {
  const path = resolve(folder);
  const lock = join(path, LOCK_FILE);
  try {
    mkdirSync(path, { recursive: true });
    const owner = ownerOf(lock);
    if (owner !== undefined && owner !== process.pid && isProcessAlive(owner))
      throw new LocalError(
        `The data folder ${path} is in use by another local stack (process ${owner}). Stop that process, or pass another folder with --data-dir. If the process is not a local stack, remove ${lock}.`,
      );
    writeFileSync(lock, String(process.pid));
  } catch (cause) {
    if (cause instanceof LocalError) throw cause;
    throw new LocalError(
      `The data folder ${path} cannot be used: ${(cause as Error).message}. Pass a writable folder with --data-dir.`,
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
