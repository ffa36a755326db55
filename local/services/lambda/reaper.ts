import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Kills function processes and removes their code after the local cloud's process has ended. */
export interface Reaper {
  /** Folder for the code of functions; the reaper removes it. */
  readonly folder: string;
  watch(pid: number): void;
  unwatch(pid: number): void;
  close(): void;
}

/** Reads pids from its input. When the input ends, however the parent dies, it kills the remaining processes. */
const SCRIPT = `
trap '' HUP INT TERM
pids=
while read -r sign pid; do
  case $sign in
    +) pids="$pids $pid" ;;
    -) left=; for p in $pids; do [ "$p" = "$pid" ] || left="$left $p"; done; pids=$left ;;
  esac
done
[ -z "$pids" ] || kill -9 $pids 2>/dev/null
rm -rf "$1"
`;

/**
 * A frozen process does not notice the end of its parent, so the IPC channel alone would leave it behind. A shell is small,
 * is never frozen, and exists wherever SIGSTOP exists.
 */
export function startReaper(): Reaper {
  const folder = mkdtempSync(join(tmpdir(), "stream-ingestion-"));
  const shell = spawn("/bin/sh", ["-c", SCRIPT, "reaper", folder], {
    stdio: ["pipe", "ignore", "ignore"],
    // Outside of the parent's process group, which can be killed as a whole.
    detached: true,
    env: { PATH: "/usr/bin:/bin" },
  });
  // A system without a shell has no stop signals either. There no process is frozen, and IPC is enough.
  shell.on("error", () => {});
  shell.stdin.on("error", () => {});
  shell.unref();
  const send = (line: string) => void (shell.stdin.writable && shell.stdin.write(line));
  return {
    folder,
    watch: (pid) => send(`+ ${pid}\n`),
    unwatch: (pid) => send(`- ${pid}\n`),
    close() {
      shell.stdin.end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
