import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EngineCloud } from "stream-ingestion-local";
import { runWithProvider } from "../../cli/local/with-provider";
import { readSessions } from "../../cli/session/session-file";
import { COMPONENT_TYPE } from "../../runtime/contract";
import { cloud } from "../local/evaluate/fake-handlers";
import { openPage } from "./console/open-page";

describe("stream-ingestion local -- COMMAND", () => {
  const folder = mkdtempSync(join(tmpdir(), "stream-ingestion-"));
  after(() => rmSync(folder, { recursive: true }));

  function fakeEngine(resources: number, destroyed = false): EngineCloud & { closed: number } {
    const engine = {
      cloud,
      closed: 0,
      count: () => resources,
      isDestroyed: () => destroyed,
      environment: { PULUMI_DEBUG_PROVIDERS: "aws:1234" },
      close: async () => {
        engine.closed += 1;
      },
    };
    return engine;
  }
  const run = (script: string, engine: EngineCloud, report: (message: string) => void = () => {}) =>
    runWithProvider({
      command: [process.execPath, "-e", script, folder],
      program: folder,
      stack: "local",
      start: async () => engine,
      resources: async () => [],
      report,
    });

  it("sets the provider's environment for the command, and for nothing else", async () => {
    const engine = fakeEngine(0);
    const script = `require("fs").writeFileSync(process.argv[1] + "/seen", String(process.env.PULUMI_DEBUG_PROVIDERS))`;
    assert.equal(await run(script, engine), 0);
    assert.equal(readFileSync(join(folder, "seen"), "utf8"), "aws:1234");
    assert.equal(process.env.PULUMI_DEBUG_PROVIDERS, undefined);
    assert.equal(engine.closed, 1);
  });

  it("writes the session of the stack for other terminals while the command runs", async () => {
    const script = `const session = require(process.argv[1] + "/.stream-ingestion/local." + process.ppid + ".json");
      process.exit(session.stack === "local" && session.endpoint === "${cloud.endpoint}" ? 3 : 1)`;
    assert.equal(await run(script, fakeEngine(0)), 3);
    assert.deepEqual(readSessions(folder), []);
  });

  it("ends with the command's exit code when no resource is left", async () => {
    const engine = fakeEngine(0);
    assert.equal(await run("process.exit(7)", engine), 7);
    assert.equal(await run("process.kill(process.pid, 'SIGKILL')", engine), 137);
    assert.equal(engine.closed, 2);
  });

  it("keeps the deployed resources running until a signal", async () => {
    const engine = fakeEngine(3);
    const messages: string[] = [];
    const code = await run("process.exit(0)", engine, (message) => {
      messages.push(message);
      assert.equal(engine.closed, 0);
      process.emit("SIGINT");
    });
    assert.equal(code, 0);
    assert.deepEqual(messages, ["3 resources run at http://127.0.0.1:1 until Ctrl-C."]);
    assert.equal(engine.closed, 1);
  });

  it("serves the console of a stack with a StreamIngestion at the address of its resources", async () => {
    const outputs = { apiUrl: "http://127.0.0.1:1/v1", tableName: "e", connectionTableName: "c", bucketName: "b" };
    const component = { urn: `urn:pulumi:local::p::${COMPONENT_TYPE}::prices`, type: COMPONENT_TYPE, outputs };
    const engine = fakeEngine(3);
    const server = createServer();
    const seen = new Promise<string>((found) => {
      void runWithProvider({
        command: [process.execPath, "-e", ""],
        program: folder,
        stack: "local",
        start: async (onRequest) => {
          server.on("request", (request, response) => assert.ok(onRequest?.(request, response)));
          await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
          const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
          return { ...engine, cloud: { ...cloud, endpoint } };
        },
        resources: async () => [component],
        report: (message) => message.startsWith("Console  ") && found(message.replace("Console  ", "")),
      }).then((code) => assert.equal(code, 0));
    });
    const page = await openPage(await seen);
    const { capabilities } = await page.until(() => true);
    assert.deepEqual([capabilities.kind, capabilities.stack, capabilities.write], ["local", "local", true]);
    page.close();
    process.emit("SIGINT");
    server.closeAllConnections();
    server.close();
  });

  it("keeps the resources running, and the command's exit code, when the console cannot open", async () => {
    const component = (name: string, outputs: object) => ({
      urn: `urn:pulumi:local::p::${COMPONENT_TYPE}::${name}`,
      type: COMPONENT_TYPE,
      outputs: { ...outputs },
    });
    const complete = { apiUrl: "http://127.0.0.1:1/v1", tableName: "e", connectionTableName: "c", bucketName: "b" };
    const engine = fakeEngine(3);
    const messages: string[] = [];
    const code = await runWithProvider({
      command: [process.execPath, "-e", "process.exit(7)"],
      program: folder,
      stack: "local",
      start: async () => engine,
      resources: async () => [component("prices", complete), component("failed", {})],
      report: (message) => {
        messages.push(message);
        if (message.startsWith("No console: ")) process.emit("SIGINT");
      },
    });
    assert.deepEqual([code, engine.closed, messages.length], [7, 1, 2]);
    assert.match(messages[1]!, /^No console: .*failed/);
  });

  it("ends after a destroy that retains resources", async () => {
    const engine = fakeEngine(5, true);
    const messages: string[] = [];
    assert.equal(await run("process.exit(0)", engine, (message) => messages.push(message)), 0);
    assert.deepEqual(messages, ["5 retained resources end with this command. Keep them with --data-dir."]);
    assert.equal(engine.closed, 1);
  });

  it("names a missing command and closes the cloud", async () => {
    const engine = fakeEngine(0);
    const running = runWithProvider({
      command: ["pulumi-nowhere"],
      program: folder,
      stack: "local",
      start: async () => engine,
      report: () => {},
    });
    await assert.rejects(running, /The command pulumi-nowhere is not on PATH/);
    assert.equal(engine.closed, 1);
  });
});
