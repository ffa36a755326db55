import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { isProcessAlive } from "../../../../local/cloud/is-process-alive";
import { eventually } from "../../event-log";

/** Starts a cloud with a frozen and a running function, and prints their pids. */
const PROGRAM = `
  require(${JSON.stringify(require.resolve("ts-node/register"))});
  const { startFixture, isPhase } = require(${JSON.stringify(resolve(__dirname, "../../cloud-fixture"))});
  (async () => {
    const fixture = await startFixture();
    const { name: frozen } = await fixture.createFunction("frozen", "exports.handler = async () => {};");
    const { name: busy } = await fixture.createFunction("busy", "exports.handler = () => new Promise(() => {});");
    await fixture.cloud.functions.invoke({ target: frozen, payload: "{}", caller: "test" });
    fixture.cloud.functions.invokeAsync({ target: busy, payload: "{}", caller: "test" });
    await fixture.seen(isPhase("start"), 2);
    const pids = [frozen, busy].flatMap((name) => fixture.cloud.functions.environments(name).map(({ pid }) => pid));
    process.send(pids);
  })();
`;

describe("function processes", () => {
  let folder: string;
  let parent: ChildProcess;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "reaper-"));
    writeFileSync(join(folder, "parent.js"), PROGRAM);
  });

  after(() => {
    parent.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  });

  it("end with the local cloud, also when its process group is killed and they are frozen, and their code is removed", async () => {
    const temporary = mkdtempSync(join(folder, "tmp-"));
    const env = { ...process.env, TMPDIR: temporary };
    parent = fork(join(folder, "parent.js"), { cwd: process.cwd(), env, detached: true });
    const [pids] = (await once(parent, "message")) as [number[]];
    const folders = () => readdirSync(temporary).filter((name) => name.startsWith("stream-ingestion-"));
    assert.equal(folders().length, 1);
    assert.equal(pids.length, 2);
    assert.ok(pids.every(isProcessAlive));
    process.kill(-parent.pid!, "SIGKILL");
    await eventually("the end of the processes and of their code", async () =>
      pids.some(isProcessAlive) || folders().length > 0 ? undefined : true,
    );
  });
});
