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
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { startLocal } from "../integration/local-process";
import { replay } from "../integration/replay-server";

const ROOT = resolve(__dirname, "../..");
const NAME = "pulumi-stream-ingestion";

const PROGRAM = `import * as pulumi from "@pulumi/pulumi";
import { Handover, StreamIngestion } from "${NAME}";

const config = new pulumi.Config();
const prices = new StreamIngestion("prices", {
  source: { url: config.requireSecret("url"), path: "/v1/{streamId}", key: config.requireSecret("key"), format: "lines" },
  processor: { entry: "./processor.ts" },
  relay: { handover: Handover.overlap },
  streams: ["EUR_USD"],
});
export const apiUrl: pulumi.Output<string> = prices.apiUrl;
`;
const PROCESSOR = `import { eachEvent } from "${NAME}/processor";

export const handler = eachEvent(async (event) => {
  const text: string = event.data;
  console.log(text, event.key);
});
`;
const MISTAKES = `import { StreamIngestion } from "${NAME}";

// @ts-expect-error: no such hand-over
new StreamIngestion("a", { source: { url: "u", path: "/" }, processor: {}, relay: { handover: "swap" } });
// @ts-expect-error: no path
new StreamIngestion("b", { source: { url: "u" }, processor: {} });
// @ts-expect-error: no processor
new StreamIngestion("c", { source: { url: "u", path: "/" } });
`;

/** Name of a package, scope included, where compiled code or a declaration loads it. */
const LOADED = /(?:require\(|from |import\()"(@[^/"]+\/[^/"]+|[^@."/][^/"]*)[^"]*"/g;

/** Runs a command and returns its output; fails with it. */
function run(cwd: string, command: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: "utf8" });
  assert.equal(status, 0, `${command} ${args.join(" ")}: ${error ?? ""}\n${stdout}\n${stderr}`);
  return stdout;
}

describe("the packed package", () => {
  let folder: string;
  let files: string[];

  before(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "packed-")));
    const [packed] = JSON.parse(run(ROOT, "npm", "pack", "--json", "--silent", "--pack-destination", folder)) as [
      { filename: string; files: { path: string }[] },
    ];
    files = packed.files.map(({ path }) => path);
    install(join(folder, packed.filename));
    for (const [name, text] of Object.entries({
      "index.ts": PROGRAM,
      "processor.ts": PROCESSOR,
      "mistakes.ts": MISTAKES,
    }))
      writeFileSync(join(folder, name), text);
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  /** As npm lays it out, without the half gigabyte: the package itself unpacked, what it depends on linked. */
  function install(tarball: string): void {
    const modules = join(folder, "node_modules");
    mkdirSync(join(modules, NAME), { recursive: true });
    run(folder, "tar", "-xzf", tarball, "-C", join(modules, NAME), "--strip-components=1");
    const names = readdirSync(join(ROOT, "node_modules")).filter((name) => !name.startsWith(".") && name !== NAME);
    for (const name of names) symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
  }

  it("holds compiled code, handlers, licence and README, and nothing else", () => {
    const kinds = new Set(files.map((path) => path.replace(/^(dist\/[^/]+)\/.*/, "$1")));
    const known = [
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "package.json",
      "dist/cli",
      "dist/components",
      "dist/handlers",
      "dist/local",
      "dist/runtime",
    ];
    assert.deepEqual(
      [...kinds].filter((kind) => !known.includes(kind)),
      [],
    );
    assert.deepEqual(
      files.filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts")),
      [],
    );
    for (const handler of ["connection-api", "connection-manager", "watchdog"])
      assert.ok(files.includes(`dist/handlers/${handler}/index.js`), handler);
  });

  it("depends on every package that it loads", () => {
    const { dependencies, peerDependencies, optionalDependencies } = require(join(ROOT, "package.json"));
    const allowed = new Set([NAME, ...Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies })]);
    const missing = files
      .filter((path) => /^dist\/(?!handlers\/).*\.(js|d\.ts)$/.test(path))
      .flatMap((path) =>
        [...readFileSync(join(folder, "node_modules", NAME, path), "utf8").matchAll(LOADED)].map(
          ([, name]) => `${name} in ${path}`,
        ),
      )
      .filter((text) => !isBuiltin(text.split(" ")[0]!) && !allowed.has(text.split(" ")[0]!));
    assert.deepEqual(missing, []);
  });

  const RESOLUTIONS = [
    { module: "commonjs", moduleResolution: "node10" },
    { module: "nodenext", moduleResolution: "nodenext" },
    { module: "esnext", moduleResolution: "bundler" },
  ];
  for (const resolution of RESOLUTIONS)
    it(`gives a program and a processor their types under ${resolution.moduleResolution} resolution`, () => {
      const compilerOptions = {
        ...resolution,
        target: "es2022",
        strict: true,
        noEmit: true,
        skipLibCheck: true,
        types: ["node"],
      };
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
      run(folder, process.execPath, join(ROOT, "node_modules/typescript/bin/tsc"), "-p", ".");
    });

  it("bundles the consumer's processor and takes its own handlers as they are", () => {
    const script = `
      const { bundleHandler } = require("./node_modules/${NAME}/dist/components/bundle/handlers.js");
      const { bundleProcessor } = require("./node_modules/${NAME}/dist/components/bundle/processor.js");
      console.log(JSON.stringify(["connection-manager", "connection-api", "watchdog"].map((name) => bundleHandler(name).bytes)));
      console.log(bundleProcessor("./processor.ts").bytes);`;
    const [handlers, processor] = run(folder, process.execPath, "-e", script).trim().split("\n");
    for (const bytes of [...(JSON.parse(handlers!) as number[]), Number(processor)])
      assert.ok(bytes > 1000 && bytes < 600 * 1024, `${bytes} bytes`);
  });

  it("says which Node it needs on an older one", () => {
    const script = `Object.defineProperty(process.versions, "node", { value: "20.20.2" }); require("${NAME}");`;
    const { status, stderr } = spawnSync(process.execPath, ["-e", script], { cwd: folder, encoding: "utf8" });
    assert.equal(status, 1);
    assert.match(stderr, /pulumi-stream-ingestion needs Node 22\.19 or newer, this is 20\.20\.2/);
  });

  it("has a command", () => {
    assert.match(
      run(folder, process.execPath, join(folder, "node_modules", NAME, "dist/cli/main.js"), "--help"),
      /local/,
    );
  });

  it("runs the consumer's program on this machine, without tsconfig", async () => {
    rmSync(join(folder, "tsconfig.json"), { force: true });
    writeFileSync(join(folder, "Pulumi.yaml"), "name: consumer\nruntime: nodejs\n");
    const upstream = await replay(Buffer.from(`{"n":1}\n{"n":2}\n{"n":3}\n`), "application/x-ndjson");
    const main = join("node_modules", NAME, "dist/cli/main.js");
    const secrets = ["--secret", `url=${upstream.url}`, "--secret", "key=k"];
    const local = startLocal(secrets, { cwd: folder, nodeArgs: [main] });
    try {
      const { apiUrl, outputs } = await local.line(({ kind }) => kind === "ready");
      assert.equal((outputs as { apiUrl: unknown }).apiUrl, apiUrl);
      let processed = 0;
      await local.line(({ kind }) => {
        if (kind === "processed") processed += 1;
        return processed === 3;
      });
      const printed = local.lines.flatMap(({ kind, line }) =>
        kind === "log" && `${line}`.startsWith('{"n"') ? [line] : [],
      );
      assert.deepEqual(printed.map((line) => `${line}`.slice(0, 7)).sort(), ['{"n":1}', '{"n":2}', '{"n":3}']);
      assert.equal((await local.stop("SIGINT")).code, 0);
    } finally {
      await local.stop("SIGKILL");
      await upstream.close();
    }
  });
});
