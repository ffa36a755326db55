import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { lines, startUpstream } from "../fakes/upstream";
import { startLocal } from "../integration/local-process";
import { buildAll, emptyFolder, type Packed, packAll, ROOT, run, toolPath, unpackAll } from "./packages";

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
const PROCESSOR_TEST = `import { testProcessor } from "${NAME}/testing";
import { handler } from "./processor.js";

export const failed: Promise<number> = testProcessor(handler, [{ data: "text" }]).then(({ failures }) => failures.length);
`;
const MISTAKES = `import { StreamIngestion } from "${NAME}";

// @ts-expect-error: no such handover
new StreamIngestion("a", { source: { url: "u", path: "/" }, processor: {}, relay: { handover: "swap" } });
// @ts-expect-error: a path that is not text
new StreamIngestion("b", { source: { url: "u", path: 1 }, processor: {} });
// @ts-expect-error: no processor
new StreamIngestion("c", { source: { url: "u", path: "/" } });
`;

/** One failing event for a processor of each module system. */
const FAILS_ONCE = "testProcessor(eachEvent(() => { throw new Error('no') }, { retries: 0 }), [{}])";

/** Matches the name of a package, with its scope, where compiled code or a declaration loads it. */
const LOADED = /(?:require\(|from |import\()"(@[\w.-]+\/[\w.-]+|[a-z][\w.:-]*)(?:\/[^"]*)?"/g;

describe("the packed packages", () => {
  let folder: string;
  let all: Packed[];
  let component: Packed;
  let cli: Packed;
  let local: Packed;

  before(() => {
    folder = emptyFolder("packed-");
    all = packAll(folder);
    [component, cli, local] = all as [Packed, Packed, Packed];
    unpackAll(all, folder);
    for (const [name, text] of Object.entries({
      "index.ts": PROGRAM,
      "processor.ts": PROCESSOR,
      "processor.spec.ts": PROCESSOR_TEST,
      "mistakes.ts": MISTAKES,
    }))
      writeFileSync(join(folder, name), text);
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  const contentOf = ({ name }: Packed, path: string) => readFileSync(join(folder, "node_modules", name, path), "utf8");
  const node = (...args: string[]) => run(folder, process.execPath, ...args);

  it("contain compiled code, licence and README, and nothing else", () => {
    for (const { name, files } of all) {
      for (const file of ["LICENSE", "README.md", "package.json"])
        assert.ok(files.includes(file), `${file} of ${name}`);
      const others = files.filter(
        (path) => !/(\.js|\.mjs|\.d\.ts|\.d\.mts|^LICENSE|^[A-Z]+\.md|^package\.json)$/.test(path),
      );
      const known =
        /^(handlers\/[a-z-]+\/index\.js\.map|python\/stream_ingestion\/\w+\.py|console\/page\/(LICENSES|page\.css))$/;
      const plugin = ["package.json", "pulumi-resource-stream-ingestion", "PulumiPlugin.yaml", "schema.json"];
      const inPlugin = plugin.map((file) => `plugin/${file}`);
      assert.deepEqual(
        others.filter((path) => !known.test(path) && !inPlugin.includes(path)),
        [],
        name,
      );
      if (name === "pulumi-stream-ingestion") for (const file of inPlugin) assert.ok(files.includes(file), file);
    }
    assert.ok(component.files.includes("python/stream_ingestion/__init__.py"));
    for (const handler of ["connection-api", "connection-manager", "repeat-counter", "watchdog"])
      assert.ok(component.files.includes(`handlers/${handler}/index.js`), handler);
  });

  it("contain a README whose links work without the repository's files", () => {
    for (const packed of all) {
      const links = [...contentOf(packed, "README.md").matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
      const own = links.filter((target) => target.includes("/pulumi-stream-ingestion/blob/main/"));
      assert.ok(own.length > 0, packed.name);
      assert.deepEqual(
        links.filter((target) => !/^(https?:|#)/.test(target)),
        [],
        packed.name,
      );
      for (const target of own)
        assert.ok(existsSync(join(ROOT, target.split("/blob/main/")[1]!.split("#")[0]!)), `${packed.name}: ${target}`);
    }
  });

  it("publish the fields of the manifest that a consumer needs, with existing files as exports", () => {
    for (const { name, manifest, files } of all) {
      const text = JSON.stringify(manifest);
      assert.doesNotMatch(
        text,
        /stream-ingestion-source|devDependencies|optionalDependencies|workspaces|scripts/,
        name,
      );
      const targets = [...JSON.stringify(manifest.exports).matchAll(/"\.\/([^"]+\.[a-z.]+)"[,}]/g)].map(
        ([, path]) => path!,
      );
      assert.ok(targets.length > 0, name);
      assert.deepEqual(
        targets.filter((path) => !files.includes(path)),
        [],
        name,
      );
    }
  });

  it("contain no trace of a checkout: not the condition in its exports, and not the entry of its command line", () => {
    for (const packed of all)
      assert.deepEqual(
        packed.files.filter((path) =>
          /stream-ingestion-source|pulumi-stream-ingestion\/internal/.test(contentOf(packed, path)),
        ),
        [],
        packed.name,
      );
  });

  it("depend on every package that they load, and on each other in the same version", () => {
    for (const packed of all) {
      const { dependencies, peerDependencies, version } = packed.manifest;
      const allowed = new Set([packed.name as string, ...Object.keys({ ...dependencies, ...peerDependencies })]);
      const missing = packed.files
        .filter((path) => /^(?!handlers\/|internal\.js|provider\/pulumi-protocol\.js).*\.m?(js|d\.m?ts)$/.test(path))
        .flatMap((path) => [...contentOf(packed, path).matchAll(LOADED)].map(([, name]) => ({ name: name!, path })))
        .filter(({ name }) => !isBuiltin(name) && !allowed.has(name));
      assert.deepEqual(missing, [], packed.name);
      for (const { name } of all)
        if (dependencies[name] !== undefined) assert.equal(dependencies[name], version, `${name} in ${packed.name}`);
    }
  });

  it("contain only esbuild and types as dependencies of the component", () => {
    assert.deepEqual(Object.keys(component.manifest.dependencies), ["@standard-schema/spec", "acorn", "esbuild"]);
  });

  it("pass publint and attw", () => {
    for (const { name } of all) node(toolPath("publint", "publint"), join(folder, "node_modules", name), "--strict");
    const attw = toolPath("@arethetypeswrong/cli", "attw");
    node(attw, component.tarball);
    node(attw, local.tarball);
    // The command has no importable entry.
    assert.match(node(attw, cli.tarball), /does not contain types/);
  });

  const RESOLUTIONS = [
    { module: "commonjs", moduleResolution: "node10" },
    { module: "nodenext", moduleResolution: "nodenext" },
    { module: "esnext", moduleResolution: "bundler" },
  ];
  for (const resolution of RESOLUTIONS)
    it(`give a program, a processor and its test their types under ${resolution.moduleResolution} resolution`, () => {
      const compilerOptions = {
        ...resolution,
        target: "es2022",
        strict: true,
        noEmit: true,
        skipLibCheck: true,
        types: ["node"],
      };
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
      node(toolPath("typescript", "tsc"), "-p", ".");
    });

  it("load a processor and its test as ECMAScript modules and as CommonJS", () => {
    const print = `${FAILS_ONCE}.then(({ failures }) => console.log(failures.length));`;
    const commonJs = `const { eachEvent } = require("${NAME}/processor"); const { testProcessor } = require("${NAME}/testing");`;
    assert.equal(node("-e", `${commonJs} ${print}`), "1\n");
    const modules = `import { eachEvent } from "${NAME}/processor"; import { testProcessor } from "${NAME}/testing";`;
    assert.equal(node("--input-type=module", "-e", `${modules} ${print}`), "1\n");
  });

  it("bundle the consumer's processor and use the built handlers", () => {
    const script = `
      const { bundleHandler } = require("./node_modules/${NAME}/components/bundle/handlers.js");
      const { bundleProcessor } = require("./node_modules/${NAME}/components/bundle/processor.js");
      console.log(JSON.stringify(["connection-manager", "connection-api", "watchdog"].map((name) => bundleHandler(name).bytes)));
      console.log(bundleProcessor("./processor.ts").bytes);`;
    const [handlers, processor] = node("-e", script).trim().split("\n");
    for (const bytes of [...(JSON.parse(handlers!) as number[]), Number(processor)])
      assert.ok(bytes > 1000 && bytes < 600 * 1024, `${bytes} bytes`);
  });

  it("report the required Node version on an older one", () => {
    const script = `Object.defineProperty(process.versions, "node", { value: "20.20.2" }); require("${NAME}");`;
    const { status, stderr } = spawnSync(process.execPath, ["-e", script], { cwd: folder, encoding: "utf8" });
    assert.equal(status, 1);
    assert.match(stderr, /Expected Node\.js 22\.19 or later for pulumi-stream-ingestion, got 20\.20\.2/);
  });

  it("have a command with the component's version", () => {
    const main = join(folder, "node_modules/stream-ingestion/main.js");
    assert.match(node(main, "--help"), /local/);
    assert.equal(node(main, "--version"), `${component.manifest.version}\n`);
  });

  it("are byte-identical when they are built again", () => {
    const second = emptyFolder("packed-again-");
    try {
      const again = buildAll(second);
      for (const [at, { name, tarball }] of all.entries())
        assert.ok(readFileSync(tarball).equals(readFileSync(again[at]!.tarball)), name);
    } finally {
      rmSync(second, { recursive: true, force: true });
    }
  });

  it("run the consumer's program on this machine, without tsconfig", async () => {
    rmSync(join(folder, "tsconfig.json"), { force: true });
    writeFileSync(join(folder, "Pulumi.yaml"), "name: consumer\nruntime: nodejs\n");
    const upstream = await startUpstream(lines(`{"n":1}\n{"n":2}\n{"n":3}\n`, "stay"));
    const secrets = ["--secret", `url=${upstream.url}`, "--secret", "key=k"];
    const local = startLocal(secrets, { cwd: folder, nodeArgs: ["node_modules/stream-ingestion/main.js"] });
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
      assert.equal(await local.stop("SIGINT"), 0);
    } finally {
      await local.stop("SIGKILL");
      await upstream.close();
    }
  });
});
