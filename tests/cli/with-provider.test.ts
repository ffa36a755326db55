import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runWithProvider } from "../../cli/local/with-provider";
import type { EngineCloud } from "../../local/provider/index";
import { cloud } from "../local/evaluate/fake-handlers";

describe("stream-ingestion local -- COMMAND", () => {
  const folder = mkdtempSync(join(tmpdir(), "stream-ingestion-"));
  after(() => rmSync(folder, { recursive: true }));

  function fakeEngine(alive: number): EngineCloud & { closed: number } {
    const engine = {
      cloud,
      closed: 0,
      count: () => alive,
      environment: { PULUMI_DEBUG_PROVIDERS: "aws:1234" },
      close: async () => {
        engine.closed += 1;
      },
    };
    return engine;
  }
  const run = (script: string, engine: EngineCloud, say: (sentence: string) => void = () => {}) =>
    runWithProvider({ command: [process.execPath, "-e", script, folder], start: async () => engine, say });

  it("gives the command the provider's environment, and no process after it", async () => {
    const engine = fakeEngine(0);
    const script = `require("fs").writeFileSync(process.argv[1] + "/seen", String(process.env.PULUMI_DEBUG_PROVIDERS))`;
    assert.equal(await run(script, engine), 0);
    assert.equal(readFileSync(join(folder, "seen"), "utf8"), "aws:1234");
    assert.equal(process.env.PULUMI_DEBUG_PROVIDERS, undefined);
    assert.equal(engine.closed, 1);
  });

  it("ends with the command's own code when nothing was left behind", async () => {
    const engine = fakeEngine(0);
    assert.equal(await run("process.exit(7)", engine), 7);
    assert.equal(await run("process.kill(process.pid, 'SIGKILL')", engine), 137);
    assert.equal(engine.closed, 2);
  });

  it("stays up with what the command deployed, until a signal", async () => {
    const engine = fakeEngine(3);
    const said: string[] = [];
    const code = await run("process.exit(0)", engine, (sentence) => {
      said.push(sentence);
      assert.equal(engine.closed, 0);
      process.emit("SIGINT");
    });
    assert.equal(code, 0);
    assert.deepEqual(said, ["3 resources live at http://127.0.0.1:1 until Ctrl-C."]);
    assert.equal(engine.closed, 1);
  });

  it("names a command that is not there, and closes the cloud", async () => {
    const engine = fakeEngine(0);
    const running = runWithProvider({ command: ["pulumi-nowhere"], start: async () => engine, say: () => {} });
    await assert.rejects(running, /The command pulumi-nowhere is not on PATH/);
    assert.equal(engine.closed, 1);
  });
});
