import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import type { CloudEvent } from "../../../../local/cloud/cloud-event";
import { useAbsoluteSources } from "../../../../local/services/lambda/source-paths";
import { freePort } from "../../../fakes/free-port";
import { archive, type CloudFixture, isLog, startFixture } from "../../cloud-fixture";

const LISTENING = "Debugger listening on ";

describe("a function that a debugger attaches to", () => {
  let fixture: CloudFixture;
  let lambda: LambdaClient;
  beforeEach(async () => {
    fixture = await startFixture();
    lambda = new LambdaClient(fixture.client);
  });
  afterEach(async () => {
    lambda.destroy();
    await fixture.cloud.close();
  });

  it("stops at a breakpoint for longer than its timeout, and then ends its invocation", async () => {
    const { name } = await fixture.createFunction(
      "paused",
      "exports.handler = async (event) => {\n  const doubled = event.n * 2;\n  return doubled;\n};",
      { inputs: { timeout: 1 } },
    );
    fixture.cloud.functions.inspect(name!, await freePort());
    const invoke = async (n: number) =>
      (
        await lambda.send(new InvokeCommand({ FunctionName: name, Payload: JSON.stringify({ n }) }))
      ).Payload?.transformToString();
    assert.equal(await invoke(1), "2");
    const isListening = (event: CloudEvent) => isLog(event) && event.line.startsWith(LISTENING);
    const [event] = await fixture.seen(isListening as typeof isLog);
    const { line } = event!;
    const debug = await attach(line.slice(LISTENING.length));
    try {
      await debug.call("Debugger.enable");
      await debug.call("Debugger.setBreakpointByUrl", { urlRegex: ".*/index\\.js$", lineNumber: 2 });
      const answer = invoke(21);
      await debug.seen("Debugger.paused");
      // The timeout of the function passes meanwhile.
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      await debug.call("Debugger.resume");
      assert.equal(await answer, "42");
    } finally {
      debug.close();
    }
  });

  it("can be attached to on the same port after its code has changed", async () => {
    const code = (n: number) => archive(`exports.handler = async () => ${n};`);
    const { name } = await fixture.createFunction("edited", "exports.handler = async () => 1;");
    const port = await freePort();
    fixture.cloud.functions.inspect(name!, port);
    const invoke = async () =>
      (await lambda.send(new InvokeCommand({ FunctionName: name }))).Payload?.transformToString();
    const listening = () =>
      fixture.events.filter((event) => isLog(event) && event.line.includes(`ws://127.0.0.1:${port}/`)).length;
    assert.equal(await invoke(), "1");
    fixture.cloud.functions.put({ ...fixture.cloud.functions.find(name!)!, code: code(2) });
    assert.equal(await invoke(), "2");
    while (listening() < 2) await new Promise((resolve) => setTimeout(resolve, 20));
  });
});

describe("the source maps of a function that a debugger attaches to", () => {
  it("name the files of the project, unless several have the name", () => {
    const folder = mkdtempSync(join(tmpdir(), "sources-"));
    try {
      writeFileSync(join(folder, "a.ts"), "a");
      const map = { version: 3, sources: ["a.ts", "elsewhere.ts"], mappings: "" };
      writeFileSync(join(folder, "index.js.map"), JSON.stringify(map));
      useAbsoluteSources(folder, folder);
      const { sources, sourcesContent } = JSON.parse(readFileSync(join(folder, "index.js.map"), "utf8"));
      assert.deepEqual(sources, [join(folder, "a.ts"), "elsewhere.ts"]);
      assert.deepEqual(sourcesContent, ["a", null]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** A client of Node's inspector protocol. */
async function attach(url: string) {
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  let id = 0;
  const messages: { id?: number; method?: string }[] = [];
  let wake = () => {};
  socket.onmessage = ({ data }) => {
    messages.push(JSON.parse(String(data)));
    wake();
  };
  async function first(matches: (message: { id?: number; method?: string }) => boolean): Promise<void> {
    while (!messages.some(matches))
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  }
  return {
    call(method: string, params = {}) {
      id += 1;
      const own = id;
      socket.send(JSON.stringify({ id: own, method, params }));
      return first((message) => message.id === own);
    },
    seen: (method: string) => first((message) => message.method === method),
    close: () => socket.close(),
  };
}
