import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Ends function processes, and removes their code, when the local cloud can no longer do it itself. */
export interface Reaper {
  /** Folder for the code of functions; removed in the end. */
  readonly folder: string;
  watch(pid: number): void;
  unwatch(pid: number): void;
  close(): void;
}

/** Learns pids from its input, and kills what is left when the input ends, which it does however the parent dies. */
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
 * A frozen process does not see that its parent died, so the IPC channel alone leaves it behind. A shell is small,
 * is never frozen, and is there wherever SIGSTOP is.
 */
export function startReaper(): Reaper {
  const folder = mkdtempSync(join(tmpdir(), "stream-ingestion-"));
  const shell = spawn("/bin/sh", ["-c", SCRIPT, "reaper", folder], {
    stdio: ["pipe", "ignore", "ignore"],
    env: { PATH: "/usr/bin:/bin" },
  });
  // Where there is no shell there are no stop signals either: nothing is ever frozen, and IPC is enough.
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
