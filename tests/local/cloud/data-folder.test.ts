import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lockDataFolder } from "../../../local/cloud/data-folder";
import { startLocalCloud } from "../../../local/start-local-cloud";

describe("a data folder", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "data-folder-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("is created, locked and unlocked", () => {
    const deeper = join(folder, "a/b");
    const giveBack = lockDataFolder(deeper);
    assert.deepEqual(readdirSync(deeper), ["in-use-by"]);
    giveBack();
    assert.deepEqual(readdirSync(deeper), []);
    giveBack();
  });

  it("keeps the operator's credentials across restarts", async () => {
    const start = async (dataDir?: string) => {
      const cloud = await startLocalCloud({ dataDir });
      await cloud.close();
      return cloud.operator;
    };
    const first = await start(folder);
    assert.deepEqual(await start(folder), first);
    assert.equal(statSync(join(folder, "operator.json")).mode & 0o777, 0o600);
    assert.notDeepEqual(await start(), first);
  });

  it("is locked by one process: a second one gets its pid, and can lock the folder after it has ended", async () => {
    const other = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    const ended = once(other, "exit");
    try {
      writeFileSync(join(folder, "in-use-by"), String(other.pid));
      assert.throws(
        () => lockDataFolder(folder),
        new RegExp(`in use by another local stack \\(process ${other.pid}\\)`),
      );
    } finally {
      other.kill();
      await ended;
    }
    lockDataFolder(folder)();
  });

  it("is named when it cannot be used", () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    assert.throws(() => lockDataFolder(file), /The data folder .*file cannot be used: EEXIST.* --data-dir/);
  });
});
