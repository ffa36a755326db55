import assert from "node:assert/strict";
import { resolve } from "node:path";
import { readSessions } from "../../../cli/session/session-file";
import { startServer } from "../../fakes/http-server";
import { runToEnd, startLocal } from "../../integration/local-process";
import { programFolder } from "../../local/evaluate/program-folder";

const ROOT = resolve(__dirname, "../../..");
const FILES = {
  "index.ts": `import { StreamIngestion } from "${ROOT}/components/index";
    import * as pulumi from "@pulumi/pulumi";
    new StreamIngestion("prices", {
      source: { url: new pulumi.Config().require("url"), path: "/{streamId}" },
      processor: { entry: "./processor.ts" },
    });`,
  "processor.ts": `import { eachEvent } from "${ROOT}/runtime/processor/index";
    export const handler = eachEvent(() => { throw new TypeError("no price"); }, { retries: 0 });`,
};

describe("commands in another terminal", () => {
  it("find the running local stack of the project, and nothing after its end", async () => {
    const upstream = await startServer((_, response) => {
      response.writeHead(200, { "content-type": "application/x-ndjson" }).write('{"n":1}\n');
    });
    const folder = programFolder(FILES);
    const local = startLocal(["--program", folder.path, "--config", `url=${upstream.url}`, "--hop-seconds", "900"]);
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await runToEnd([...args, "--program", folder.path]);
      assert.equal(code, 0, stderr);
      return stdout;
    };
    try {
      const ready = await local.line(({ kind }) => kind === "ready");
      assert.deepEqual(Object.keys(ready.credentials as object), ["accessKeyId", "secretAccessKey"]);
      assert.equal(await run("start", "EUR_USD"), "EUR_USD: started\n");
      const failed = await local.line(({ kind }) => kind === "failure-stored");
      assert.deepEqual([failed.instance, failed.streamId], ["prices", "EUR_USD"]);
      assert.match(String(failed.requestId), /^[0-9a-f-]{36}$/);
      assert.match(await run("list"), /^STREAM.*\nEUR_USD +(open|starting)/);
      assert.match(await run("failures", "list"), /EUR_USD .*TypeError: no price/);
      assert.equal(
        local.lines.some(({ kind }) => kind === "processed"),
        false,
      );
      assert.equal(readSessions(folder.path).length, 1);
      await local.stop();
      assert.deepEqual(readSessions(folder.path), []);
    } finally {
      await local.stop("SIGKILL");
      await upstream.close();
      folder.remove();
    }
  });
});
