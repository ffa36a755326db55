import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type SampleUpstream, startSampleUpstream } from "../../local/index";
import { type StartedCloud, startCloud } from "./deployment";
import { type Backend, createBackend } from "./engine-stack";

const ROOT = resolve(__dirname, "../..");
const NAME = "pulumi-stream-ingestion";

/** Runs a command and returns its output; fails with it. */
function run(cwd: string, command: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: "utf8" });
  assert.equal(status, 0, `${command} ${args.join(" ")}: ${error ?? ""}\n${stdout}\n${stderr}`);
  return stdout;
}

/** Code blocks of the README that begin with the name of their file. */
function snippetsOf(readme: string): Record<string, string> {
  const blocks = [...readme.matchAll(/```ts\n(\/\/ (\S+)\n[\s\S]*?)```/g)];
  return Object.fromEntries(blocks.map(([, code = "", file = ""]) => [file, code]));
}

describe("a consumer's project with the packed package", () => {
  let folder: string;
  let tarball: string;
  let backend: Backend;
  let engine: StartedCloud;
  let upstream: SampleUpstream;
  const cwd = process.cwd();

  before(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "consumer-")));
    const packed = run(ROOT, "npm", "pack", "--json", "--silent", "--pack-destination", folder);
    const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
    tarball = join(folder, filename);
    install();
    const snippets = snippetsOf(readFileSync(join(ROOT, "README.md"), "utf8"));
    assert.deepEqual(Object.keys(snippets).sort(), ["index.ts", "processor.ts"]);
    for (const [name, code] of Object.entries(snippets)) writeFileSync(join(folder, name), code);
    upstream = await startSampleUpstream();
    backend = createBackend();
    engine = await startCloud({ hopSeconds: 30 });
  });
  after(async () => {
    process.chdir(cwd);
    await engine?.close();
    await upstream?.close();
    backend?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  /** As npm lays it out, without its half gigabyte: the package unpacked, what it depends on linked. */
  function install(): void {
    const modules = join(folder, "node_modules");
    mkdirSync(join(modules, NAME), { recursive: true });
    run(folder, "tar", "-xzf", tarball, "-C", join(modules, NAME), "--strip-components=1");
    const names = readdirSync(join(ROOT, "node_modules")).filter((name) => !name.startsWith(".") && name !== NAME);
    for (const name of names) symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
  }

  it("is well formed to publint and attw", () => {
    run(
      folder,
      process.execPath,
      join(ROOT, "node_modules/publint/src/cli.js"),
      join(folder, "node_modules", NAME),
      "--strict",
    );
    run(folder, process.execPath, join(ROOT, "node_modules/@arethetypeswrong/cli/dist/index.js"), tarball);
  });

  it("runs the README's program and processor, and events flow", async () => {
    const stack = await backend.stack({
      project: "consumer",
      environment: engine.environment,
      config: {
        url: { value: upstream.url, secret: true },
        path: { value: upstream.path, secret: true },
        key: { value: upstream.key, secret: true },
      },
    });
    process.chdir(folder);
    const { outputs } = await stack.up(async () => ({ ...require(join(folder, "index.ts")) }));
    assert.match(String(outputs.apiUrl), /\/v1$/);
    await engine.until("the processor to print prices", () => {
      const printed = engine.events.filter(
        (event) => event.kind === "log" && /event-processor/.test(event.functionName) && /EUR_USD/.test(event.line),
      );
      return printed.length > 20;
    });
    await stack.destroy();
  });
});
