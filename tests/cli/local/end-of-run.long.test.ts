import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { FROM_SOURCE } from "../../../scripts/from-source";
import { type FakeServer, startServer } from "../../fakes/http-server";
import { programFolder } from "../../local/evaluate/program-folder";
import { spawnOnTerminal } from "./pseudo-terminal";

const ROOT = resolve(__dirname, "../../..");
const program = (url: string) => `import { StreamIngestion } from "${ROOT}/components/index";
  new StreamIngestion("prices", {
    source: { url: "${url}", path: "/", format: "lines" },
    processor: { entry: "./processor.ts" },
    streams: ["a"],
  });`;
const WORKING = "exports.handler = async () => ({ batchItemFailures: [] });";

/** What a run prints, and how it ends. */
function follow(child: ChildProcess, output: Readable) {
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  createInterface({ input: output }).on("line", (line) => {
    lines.push(line);
    for (const check of waiting) check();
  });
  const exited = once(child, "exit");
  const closed = once(output, "close");
  return {
    lines,
    line: (pattern: RegExp) =>
      new Promise<void>((found, failed) => {
        const check = () => {
          if (lines.some((line) => pattern.test(line))) found();
        };
        waiting.add(check);
        check();
        void closed.then(() => failed(new Error(`The run ended without ${pattern}:\n${lines.join("\n")}`)));
      }),
    /** Ends the run by `act`. Resolves to its exit code when its output has ended. */
    async end(act: () => unknown): Promise<number | null> {
      const startedAt = Date.now();
      act();
      await closed;
      // A busy machine takes longer than the 3 s that a person waits at most.
      console.log(`      ended after ${Date.now() - startedAt} ms`);
      return (await exited)[0] as number | null;
    },
  };
}

describe("the end of a run", () => {
  let upstream: FakeServer;
  const folders: { remove(): void }[] = [];
  before(async () => {
    upstream = await startServer((_, response) => {
      response.writeHead(200, { "content-type": "application/x-ndjson" }).write('{"n":1}\n');
    });
  });
  after(async () => {
    for (const folder of folders) folder.remove();
    await upstream.close();
  });

  function commandFor(processor: string): string[] {
    const folder = programFolder({ "index.ts": program(upstream.url), "processor.ts": processor });
    folders.push(folder);
    return [process.execPath, ...FROM_SOURCE, join(ROOT, "cli/main.ts"), "local", "--program", folder.path];
  }
  const isAlive = (pid: number) => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };

  it("comes after Ctrl-C on a terminal, with the summary and exit code 0", async () => {
    const child = spawnOnTerminal([80, 24], commandFor(WORKING), { NO_COLOR: "1" });
    const run = follow(child, child.stdout);
    await run.line(/1 processed/);
    assert.equal(await run.end(() => child.stdin.write("\x03")), 0);
    assert.match(run.lines.join("\n"), /Stopping: .*\nprocessed +1, 0 stored in the failure bucket\nok/s);
  });

  it("names the stored events that a slow processor had not processed, with exit code 0", async () => {
    const [node = "", ...args] = commandFor(
      `exports.handler = async () => { console.log("handling"); await new Promise((done) => setTimeout(done, 20_000)); };`,
    );
    const child = spawn(node, args, { stdio: ["ignore", "pipe", "inherit"] });
    const run = follow(child, child.stdout);
    await run.line(/handling/);
    assert.equal(await run.end(() => child.kill("SIGINT")), 0);
    assert.equal(run.lines.at(-1), "1 stored event was not processed before the end.");
  });

  it("comes after a SIGTERM to the process group, with exit code 1 when no processor was loaded", async () => {
    const [node = "", ...args] = commandFor(`${WORKING} throw new Error("no key");`);
    const child = spawn(node, args, { stdio: ["ignore", "pipe", "inherit"], detached: true });
    const run = follow(child, child.stdout);
    await run.line(/Init Error {2}Error: no key/);
    await run.line(/1 stored/);
    assert.equal(await run.end(() => process.kill(-child.pid!, "SIGTERM")), 1);
    assert.match(run.lines.join("\n"), /^The processor of prices was never loaded: Error: no key$/m);
  });

  it("comes after a signal to npm or npx alone, which ends their shell only", async () => {
    const words = commandFor(WORKING).map((word) => `'${word}'`);
    const child = spawn("/bin/sh", ["-c", `${words.join(" ")}; true`], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, npm_execpath: "npm" },
    });
    const run = follow(child, child.stdout);
    await run.line(/1 processed/);
    await run.end(() => child.kill("SIGTERM"));
    assert.equal(run.lines.at(-1), "ok");
  });

  for (const redirected of ["", "2>&1"])
    it(`comes when the reader of its output${redirected && " and of its errors"} leaves, as after Ctrl-C`, async () => {
      const words = commandFor(WORKING).map((word) => `'${word}'`);
      const script = `{ { ${words.join(" ")} ${redirected}; echo "code $?" >&3; } | head -1; } 3>&1`;
      const child = spawn("/bin/sh", ["-c", script], { stdio: ["ignore", "pipe", "pipe"] });
      const errors = text(child.stderr);
      const run = follow(child, child.stdout);
      await once(child, "close");
      assert.deepEqual([run.lines, await errors], [["Starting", "code 130"], ""]);
    });

  it("comes during the start, and leaves no process behind", async () => {
    const [node = "", ...args] = commandFor("export const handler = () => {};");
    const child = spawn(node, args, { stdio: ["ignore", "pipe", "inherit"], detached: true });
    const run = follow(child, child.stdout);
    await run.line(/Evaluating the program/);
    assert.equal(await run.end(() => process.kill(-child.pid!, "SIGINT")), 130);
    assert.equal(run.lines.at(-1), "Stopped before the program ran.");
    while (isAlive(-child.pid!)) await new Promise(setImmediate);
  });
});
