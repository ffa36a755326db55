import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";

/** Runs a command under a pseudo-terminal of a size. Copies what it prints, and types what it reads. */
const SCRIPT = `
import fcntl, os, pty, select, struct, sys, termios
columns, rows, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    os.execv(command[0], command)
inputs = [terminal, 0]
try:
    while True:
        for ready in select.select(inputs, [], [])[0]:
            part = os.read(ready, 65536)
            if ready == 0:
                if part: os.write(terminal, part)
                else: inputs.remove(0)
            elif part: os.write(1, part)
            else: raise OSError()
except OSError:
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

/** `stdin` is the keyboard of the command, `stdout` its screen. The exit code is the command's. */
export function spawnOnTerminal(
  [columns, rows]: readonly [number, number],
  command: readonly string[],
  env: NodeJS.ProcessEnv,
): ChildProcessByStdio<Writable, Readable, null> {
  const args = ["-c", SCRIPT, String(columns), String(rows), ...command];
  return spawn("python3", args, { stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, ...env } });
}
