import assert from "node:assert/strict";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import { FROM_SOURCE } from "../../../scripts/from-source";
import { spawnOnTerminal } from "./pseudo-terminal";
import { screenAfter } from "./terminal-screen";

describe("a run on a terminal", () => {
  for (const [columns, rows] of [
    [80, 24],
    [200, 60],
  ] as const) {
    it(`leaves no stale row at ${columns}x${rows}`, async () => {
      const command = [process.execPath, ...FROM_SOURCE, resolve(__dirname, "pty-run.ts")];
      const stdout = await text(spawnOnTerminal([columns, rows], command, { NO_COLOR: "1" }).stdout);
      assert.match(stdout, /Evaluating the program …/);
      assert.match(stdout, /… and \d+ more streams/);
      const lines = screenAfter(stdout, columns, rows);
      const label = (line: string) => line.split(/ {2}/)[0]!.replace(/…$/, "");
      assert.match(lines.slice(1, 3).join("\n"), /^LAG: .*\nHOP: .*connection\.$/);
      lines.splice(1, 2);
      assert.deepEqual(lines.slice(0, 4).map(label), ["kept: 3", "kept: 70", "kept: 2", "STREAM"]);
      for (const line of lines.slice(4, 6)) assert.match(line, /^market-data-of-frankfur.* handing-over /);
      assert.match(lines[6]!, /^1000 received {2}2 stored/);
      assert.deepEqual(lines.slice(7), [""]);
    });
  }
});
