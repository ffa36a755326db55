import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { FROM_SOURCE } from "../../../scripts/from-source";
import { runToEnd } from "../../integration/local-process";
import { programFolder } from "../../local/evaluate/program-folder";

const ROOT = resolve(__dirname, "../../..");
const program = (processor: string) => ({
  "index.ts": `import { StreamIngestion } from "${ROOT}/components/index";
    import * as pulumi from "@pulumi/pulumi";
    new StreamIngestion("prices", {
      source: { url: new pulumi.Config().require("url"), path: "/" },
      processor: { entry: "${processor}" },
    });`,
});

describe("a local run that cannot stop in time", () => {
  it("prints its summary, and ends", async () => {
    const folder = programFolder({
      ...program("./processor.ts"),
      "processor.ts": "exports.handler = async () => ({ batchItemFailures: [] });",
      "index.ts": program("./processor.ts")["index.ts"].replace(
        'new pulumi.Config().require("url")',
        '"http://127.0.0.1:1"',
      ),
    });
    const child = spawn(process.execPath, [...FROM_SOURCE, join(__dirname, "stuck-run.ts"), folder.path]);
    try {
      let output = "";
      let isStopped = false;
      child.stdout.on("data", (text) => {
        output += text;
        // The second signal ends a run at once.
        if (!isStopped && output.includes('"ready"')) isStopped = child.kill("SIGTERM");
      });
      await once(child, "close");
      assert.match(output, /"summary"/);
      assert.equal(child.signalCode, null);
    } finally {
      child.kill("SIGKILL");
      folder.remove();
    }
  });
});

describe("stream-ingestion local with invalid input", () => {
  const cleanups: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0)) await cleanup();
  });

  /** Runs the command and returns its error message. */
  async function failure(files: Record<string, string>, ...args: string[]): Promise<string> {
    const folder = programFolder(files);
    cleanups.push(folder.remove);
    const { code, stderr } = await runToEnd(["local", "--program", folder.path, ...args]);
    assert.notEqual(code, 0);
    assert.doesNotMatch(stderr, /^ {4}at .*node_modules/m);
    return stderr;
  }

  it("names the configuration that is missing", async () => {
    assert.match(await failure(program("./processor.ts")), /pulumi config set sample:url/);
  });

  it("names the path of a processor that does not exist", async () => {
    const message = await failure(program("./nowhere.ts"), "--config", "url=http://127.0.0.1:1");
    assert.match(message, /nowhere\.ts/);
  });

  it("names file and line of a processor that does not compile", async () => {
    const files = { ...program("./processor.ts"), "processor.ts": "export const a = 1;\nexport const = 2;" };
    assert.match(await failure(files, "--config", "url=http://127.0.0.1:1"), /processor\.ts:2:1[0-9]/);
  });

  it("names the port that is taken", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await new Promise((listening) => taken.once("listening", listening));
    cleanups.push(() => taken.close());
    const { port } = taken.address() as { port: number };
    assert.match(await failure(program("./p.ts"), "--port", String(port)), new RegExp(`port ${port}.*in use`, "i"));
  });

  it("names the option of an invalid value", async () => {
    assert.match(await failure({}, "--hop-seconds", "2"), /--hop-seconds.*5\.\.900/);
    assert.match(await failure({}, "--config", "url"), /--config.*KEY=VALUE/);
  });
});
