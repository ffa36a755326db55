import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { isProcessAlive } from "../../../local/cloud/is-process-alive";

const onLinux = process.platform === "linux" ? it : it.skip;

describe("a process", () => {
  it("is alive while it runs", () => {
    assert.equal(isProcessAlive(process.pid), true);
    assert.equal(isProcessAlive(2 ** 30), false);
  });

  onLinux("is not alive when it was killed and its parent did not notice", async () => {
    // The second command replaces the shell and waits for no child.
    const parent = spawn("sh", ["-c", "sleep 60 & echo $!; exec sleep 60"], { stdio: ["ignore", "pipe", "ignore"] });
    try {
      const [line] = await once(parent.stdout, "data");
      const pid = Number(String(line));
      assert.equal(isProcessAlive(pid), true);
      process.kill(pid, "SIGKILL");
      while (isProcessAlive(pid)) await turn();
    } finally {
      parent.kill("SIGKILL");
    }
  });
});
