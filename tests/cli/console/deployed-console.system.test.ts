import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { operatorEnvironment } from "stream-ingestion-local";
import { deployedConsole } from "../../../cli/console/deployed-console";
import { listen } from "../../../cli/console/server";
import { addHandover } from "../../../cli/handover";
import { openSession } from "../../../cli/session/session-file";
import { sessionResources } from "../../../cli/session/session-resources";
import { FROM_SOURCE } from "../../../scripts/from-source";
import { type FakeServer, startServer } from "../../fakes/http-server";
import { type Ingestion, startIngestion } from "../../integration/ingestion-fixture";
import { run } from "../cli-fixture";
import { type OpenPage, openPage } from "./open-page";

const ROOT = resolve(__dirname, "../../..");
const LONG = "x".repeat(20_000);
const STREAM = "test/EUR_USD";

/** The local stack is the account; a script in place of the Pulumi CLI prints its state. */
describe("the console of a deployed stack", () => {
  const environmentBefore = { ...process.env };
  let upstream: FakeServer;
  let account: Ingestion;
  let folder: string;
  let page: OpenPage | undefined;
  let closeConsole: (() => Promise<void>) | undefined;
  const children = new Set<ChildProcess>();

  before(async () => {
    upstream = await startServer((_, response) => {
      response.writeHead(200, { "content-type": "application/x-ndjson" });
      let n = 0;
      const timer = setInterval(() => {
        n += 1;
        response.write(`${JSON.stringify({ n, poison: n % 10 === 0, ...(n % 10 === 5 && { text: LONG }) })}\n`);
      }, 50);
      response.on("close", () => clearInterval(timer));
    });
    account = await startIngestion({
      url: upstream.url,
      hopSeconds: 60,
      args: `streams: ["EUR_USD"],`,
      handler: `eachEvent((event) => {
        if (event.json().poison) throw new TypeError("no price");
      }, { retries: 0 })`,
    });
    folder = mkdtempSync(join(tmpdir(), "stream-ingestion-"));
    writeFileSync(
      join(folder, "state.json"),
      JSON.stringify({ deployment: { resources: sessionResources(account.stack.resources) } }),
    );
    const script = `#!/bin/sh
case "$*" in
  *"--stack production"*) cat "${folder}/state.json" ;;
  *) echo "error: no stack named 'other' found" >&2; exit 255 ;;
esac
`;
    writeFileSync(join(folder, "pulumi"), script);
    chmodSync(join(folder, "pulumi"), 0o755);
    const environment = {
      ...operatorEnvironment(account.stack.cloud),
      PATH: `${folder}${delimiter}${process.env.PATH}`,
    };
    for (const [name, value] of Object.entries(environment)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
  afterEach(async () => {
    for (const child of children) child.kill("SIGKILL");
    page?.close();
    await closeConsole?.();
    page = undefined;
    closeConsole = undefined;
  });
  after(async () => {
    process.env = environmentBefore;
    rmSync(folder, { recursive: true });
    await account.close();
    await upstream.close();
  });

  async function open(write: boolean): Promise<{ page: OpenPage; notices: string[] }> {
    const notices: string[] = [];
    const onNotice = (text: string) => void notices.push(text);
    const { server, close } = await deployedConsole({ stack: "production", program: folder, write, onNotice });
    const listening = await listen(server, 0);
    closeConsole = async () => {
      await listening.close();
      close();
    };
    page = await openPage(server.link(listening.origin));
    return { page, notices };
  }

  /** The command as a user runs it, up to its link. */
  async function runCommand(args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
    const main = resolve(ROOT, "cli/main.ts");
    const child = spawn(process.execPath, [...FROM_SOURCE, main, "console", "--program", folder, ...args], {
      env,
      cwd: ROOT,
    });
    children.add(child);
    const output = { stdout: "", stderr: "" };
    const lines = createInterface({ input: child.stdout });
    child.stderr.on("data", (chunk) => {
      output.stderr += chunk;
    });
    const ended = once(child, "close").then(([code]) => code as number | null);
    const link = new Promise<string>((found) =>
      lines.on("line", (line) => {
        output.stdout += `${line}\n`;
        if (line.startsWith("Console ")) found(line.split(/\s+/)[1]!);
      }),
    );
    return { child, output, link: await Promise.race([link, ended.then(() => "")]), ended };
  }

  it("shows streams, events, logs, hops, failures and alarms, and allows no command", async () => {
    const { page, notices } = await open(false);
    const { streams, capabilities, alarms } = await page.until(
      ({ streams, events, logs, hops, failures, alarms }) =>
        streams.get(STREAM)?.state === "open" &&
        alarms.size > 0 &&
        [events, logs, hops, failures].every(({ size }) => size > 0),
    );
    assert.equal(streams.get(STREAM)?.counters.unaccounted, 0);
    assert.deepEqual([capabilities.kind, capabilities.write], ["deployed", false]);
    for (const { description, since } of alarms.values()) assert.ok(description && since);
    const refused = await page.command({ command: "stop", stream: STREAM });
    assert.deepEqual([refused.ok, refused.code], [false, "READ_ONLY"]);
    assert.equal((await account.read("EUR_USD")).desired, "open");
    assert.deepEqual(notices, []);
  });

  it("sends the whole payload of an event that the page shows in part", async () => {
    const { page } = await open(false);
    const isLong = ({ payload }: { readonly payload?: { readonly cut: boolean } }) => payload?.cut === true;
    const { events } = await page.until((model) => [...model.events.values()].some(isLong));
    const { id, payload } = [...events.values()].find(isLong)!;
    const whole = await page.payload(id);
    assert.deepEqual([whole.cut, JSON.parse(whole.text).text], [false, LONG]);
    assert.equal(whole.bytes, payload?.bytes);
  });

  it("runs commands with --write, and shows an alarm after an injected fault", async () => {
    const { page } = await open(true);
    const { failures } = await page.until((model) => model.failures.size > 0);
    const [id] = failures.keys();
    const again = await page.command({ command: "redrive", failure: id! });
    assert.deepEqual([again.ok, again.code], [false, "FAILED_AGAIN"]);
    const all = await page.command({ command: "redrive-all" });
    assert.equal(all.code, "FAILED_AGAIN", all.message);
    const { alarms } = await page.until((model) => [...model.alarms.values()].some(({ state }) => state === "ALARM"));
    const active = [...alarms.values()].flatMap(({ id, state }) => (state === "ALARM" ? [id] : []));
    assert.match(active.join(), /^test-processor-failures-/);
    assert.ok([...alarms.values()].some(({ state }) => state === "OK"));
    assert.equal((await page.command({ command: "discard", failure: id! })).ok, true);
    await page.until((model) => !model.failures.has(id!));

    const { generation } = await account.read("EUR_USD");
    assert.equal((await page.command({ command: "handover", stream: STREAM })).ok, true);
    await page.until(({ streams }) => streams.get(STREAM)!.generation > generation);
    assert.equal((await page.command({ command: "stop", stream: STREAM })).ok, true);
    await page.until(({ streams }) => streams.get(STREAM)!.desired === "closed");
    assert.equal((await page.command({ command: "start", stream: STREAM })).ok, true);
    await page.until(({ streams }) => streams.get(STREAM)!.desired === "open");
  });

  it("shows the running local stack of the project without --stack, with commands", async () => {
    const { endpoint, region, operator } = account.stack.cloud;
    const resources = sessionResources(account.stack.resources);
    const session = openSession(folder, () => false);
    session.write({ stack: "dev", endpoint, region, operator, resources });
    const { state, close } = await deployedConsole({ program: folder, write: false, json: true });
    const { kind, stack, write } = state.snapshot().capabilities;
    assert.deepEqual([kind, stack, write], ["local", "dev", true]);
    close();
    session.close();
  });

  it("has a command that requests a handover in a terminal", async () => {
    const options = ["--stack", "production", "--program", folder];
    await account.until("EUR_USD", "a live hop", ({ live }) => live);
    const { out, exitCode } = await run(addHandover, "handover", "EUR_USD", "--json", ...options);
    assert.deepEqual([out, exitCode], [['{"streamId":"EUR_USD","requested":true}'], 0]);
    const missing = await run(addHandover, "handover", "nobody", ...options);
    assert.equal(missing.exitCode, 3);
    assert.match(
      missing.err.join(),
      /^error: No hop holds nobody, so there is nothing to hand over\. Start the stream first\.$/,
    );
  });

  for (const signal of ["SIGTERM", "SIGINT"] as const)
    it(`ends after ${signal} with exit code 0, also with an open page`, async () => {
      const { child, link, ended } = await runCommand(["--stack", "production"]);
      page = await openPage(link);
      await page.until(({ streams }) => streams.size > 0);
      const at = performance.now();
      child.kill(signal);
      assert.equal(await ended, 0);
      console.log(`      ended ${Math.round(performance.now() - at)} ms after ${signal}`);
    });

  it("reports an unknown stack in one sentence", async () => {
    const { output, ended } = await runCommand(["--stack", "other"]);
    assert.equal(await ended, 1);
    assert.equal(
      output.stderr,
      "Reading the state of the stack.\nerror: Could not read the state of stack other: no stack named 'other' found. Pass another stack with --stack.\n",
    );
  });

  it("explains missing credentials in the terminal and on the page", async () => {
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("AWS_")));
    const nowhere = {
      AWS_REGION: "us-east-1",
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_SHARED_CREDENTIALS_FILE: "/nonexistent",
      AWS_CONFIG_FILE: "/nonexistent",
    };
    const { child, output, link, ended } = await runCommand(["--stack", "production"], { ...env, ...nowhere });
    page = await openPage(link);
    const { notices } = await page.until((model) => model.notices.has("the alarms of test"));
    const explained = "cannot be read: No AWS credentials found";
    for (const { what, text } of notices.values()) assert.equal(text.slice(0, explained.length), explained, what);
    assert.match(output.stderr, /^The streams of test cannot be read: No AWS credentials found/m);
    child.kill("SIGTERM");
    assert.equal(await ended, 0);
  });
});
