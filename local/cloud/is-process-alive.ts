import { readFileSync } from "node:fs";

/** Whether a process with this id runs. A process of another user counts, too. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  return !hasEnded(pid);
}

/** Whether a process that still has an id has ended, and its parent did not notice yet. Only Linux has the file. */
function hasEnded(pid: number): boolean {
  try {
    // The state follows the name, which is in parentheses and can contain some.
    return /\) Z[^)]*$/.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}
