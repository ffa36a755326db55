import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { FROM_SOURCE } from "../../../scripts/from-source";
import { screenAfter } from "./terminal-screen";

/** Runs a command under a pseudo-terminal of a size, and copies what it prints. */
const PTY = `
import fcntl, os, pty, struct, sys, termios
columns, rows, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    os.execv(command[0], command)
try:
    while True:
        part = os.read(terminal, 65536)
        if not part: break
        os.write(1, part)
except OSError:
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

describe("a run on a terminal", () => {
  for (const [columns, rows] of [
    [80, 24],
    [200, 60],
  ] as const) {
    it(`leaves no stale row at ${columns}x${rows}`, async () => {
      const command = [process.execPath, ...FROM_SOURCE, resolve(__dirname, "pty-run.ts")];
      const { stdout } = await promisify(execFile)("python3", ["-c", PTY, `${columns}`, `${rows}`, ...command], {
        env: { ...process.env, NO_COLOR: "1" },
      });
      assert.match(stdout, /Evaluating the program …/);
      assert.match(stdout, /… and \d+ more streams/);
      const lines = screenAfter(stdout, columns, rows);
      const label = (line: string) => line.split(/ {2}/)[0]!.replace(/…$/, "");
      assert.deepEqual(lines.slice(0, 4).map(label), ["kept: 3", "kept: 70", "kept: 2", "STREAM"]);
      for (const line of lines.slice(4, 6)) assert.match(line, /^market-data-of-frankfur.* handing-over /);
      assert.match(lines[6]!, /^1000 received {2}2 stored/);
      assert.deepEqual(lines.slice(7), [""]);
    });
  }
});
