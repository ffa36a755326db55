import assert from "node:assert/strict";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { ProcessorArgs } from "../../components";
import { processorCode } from "../../components/processor-code";
import { processorSettings } from "../../components/processor-settings";

describe("the processor's code", () => {
  let folder: string;
  let entry: string;
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "processor-code-")));
    entry = write("src/processor.ts", "export const handler = async () => {};");
  });
  const path = process.env.PATH;
  afterEach(() => {
    process.env.PATH = path;
    rmSync(folder, { recursive: true });
  });

  function write(name: string, text: string | Buffer): string {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  const make = (args: ProcessorArgs) => processorCode(args, processorSettings(args), () => {});

  /** Name in the archive → path on this machine, of what is not text. */
  async function pathsOf(args: ProcessorArgs): Promise<Record<string, string>> {
    const archive = make(args)?.archive as pulumi.asset.AssetArchive;
    const assets = (await archive.assets) as Record<string, { path?: Promise<string> }>;
    const paths = await Promise.all(Object.entries(assets).map(async ([name, asset]) => [name, await asset.path]));
    return Object.fromEntries(paths.filter(([, path]) => path !== undefined));
  }

  it("runs on arm64 and Node.js 24, or on what is requested", () => {
    const runs = (args: Partial<ProcessorArgs>) => {
      const { runtime, architecture, handler } = make({ entry, ...args })!;
      return [runtime, architecture, handler];
    };
    assert.deepEqual(runs({}), ["nodejs24.x", "arm64", "index.handler"]);
    assert.deepEqual(runs({ runtime: "nodejs22.x", architecture: "x86_64" }), [
      "nodejs22.x",
      "x86_64",
      "index.handler",
    ]);
  });

  it("is the user's archive, unchanged", () => {
    const code = new pulumi.asset.FileArchive(folder);
    assert.deepEqual(make({ code, handler: "main.run", runtime: "java25" }), {
      archive: code,
      handler: "main.run",
      runtime: "java25",
      architecture: "arm64",
    });
  });

  it("is undefined for an existing function", () => {
    assert.equal(make({ functionArn: "arn:aws:lambda:eu-west-1:123456789012:function:f" }), undefined);
  });

  it("contains copied files at the same place as next to its source, or at `to`", async () => {
    const [model, table] = [write("src/data/model.bin", "m"), write("tables/a.csv", "1")];
    assert.deepEqual(
      await pathsOf({
        entry,
        copy: [{ from: join(folder, "src/data") }, { from: model, to: "m" }, { from: table, to: "t/a.csv" }],
      }),
      { data: join(folder, "src/data"), m: model, "t/a.csv": table },
    );
  });

  it("rejects an entry that is not a file of code", () => {
    for (const [bad, shown] of [
      ["package.json", '"package.json"'],
      ["./processor", '"./processor"'],
      [5, "5"],
    ] as const)
      assert.throws(() => make({ entry: bad as string }), {
        message: `Expected \`processor.entry\` to be the path of a TypeScript, JavaScript or Python file, such as ./processor.ts, got ${shown}.`,
      });
    const directory = join(folder, "folder.ts");
    mkdirSync(directory);
    assert.throws(() => make({ entry: directory }), {
      message: `Expected \`processor.entry\` to be a file, but "${directory}" is not a file. Tried ${directory}.`,
    });
  });

  it("rejects a copy of a path that does not exist or is outside the function's folder", () => {
    const absent = join(folder, "absent");
    assert.throws(() => make({ entry, copy: [{ from: absent }] }), {
      message: `Expected \`processor.copy[0].from\` to exist, but "${absent}" does not. Tried ${absent}.`,
    });
    const outside = write("outside.txt", "");
    assert.throws(() => make({ entry, copy: [{ from: outside }] }), {
      message:
        `Expected \`processor.copy[0].to\` to be set, because "${outside}" is not inside the folder of ${entry}. ` +
        `Example: { from: "${outside}", to: "data" }.`,
    });
  });

  it("keeps the bytes of files from the loader `copy`", async () => {
    const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x80]);
    write("src/a.dat", bytes);
    mkdirSync(join(folder, "node_modules"));
    write("src/processor.ts", 'import a from "./a.dat"; export const handler = async () => a;');
    const paths = await pathsOf({ entry, bundle: { loader: { ".dat": "copy" } } });
    const [name] = Object.keys(paths);
    assert.match(name!, /^a-\w+\.dat$/);
    assert.ok(paths[name!]!.startsWith(join(folder, "node_modules/.cache/")));
    assert.deepEqual(readFileSync(paths[name!]!), bytes);
  });

  it("rejects a copy over another copy, the bundle or installed packages", () => {
    const data = write("data.txt", "");
    const copy = (...targets: string[]) => targets.map((to) => ({ from: data, to }));
    assert.throws(() => make({ entry, copy: copy("a", "a") }), {
      message: 'Expected `processor.copy[1].to` to be another path than that of an earlier copy, got "a" again.',
    });
    assert.throws(() => make({ entry, copy: copy("index.js") }), /to leave the file index\.js to the bundle\./);
    npmThatInstalls("native");
    assert.throws(
      () => make({ entry, install: ["native"], copy: copy("node_modules") }),
      /to leave the folder node_modules/,
    );
  });

  it("installs with the project's registries, and keeps their tokens out of the cache", async () => {
    npmThatInstalls("native");
    write(".npmrc", "//registry.example/:_authToken=secret");
    const { node_modules } = await pathsOf({ entry, install: ["native"] });
    assert.equal(readFileSync(join(node_modules!, "native/npmrc"), "utf8"), "//registry.example/:_authToken=secret");
    assert.deepEqual(readdirSync(dirname(node_modules!)).sort(), ["node_modules", "package-lock.json", "package.json"]);
  });

  /** Puts an `npm` on PATH that installs one package, with a copy of the settings that it finds. */
  function npmThatInstalls(name: string): void {
    write(
      "package-lock.json",
      JSON.stringify({ lockfileVersion: 3, packages: { [`node_modules/${name}`]: { version: "1.0.0" } } }),
    );
    mkdirSync(join(folder, "node_modules"));
    const npm = write(
      "bin/npm",
      `#!/bin/sh\nmkdir -p node_modules/${name}\n[ ! -f .npmrc ] || cp .npmrc node_modules/${name}/npmrc\n`,
    );
    chmodSync(npm, 0o755);
    process.env.PATH = `${dirname(npm)}:${path}`;
  }

  it("needs a lockfile to install packages", () => {
    assert.throws(() => make({ entry, install: ["sharp"] }), {
      message: `Expected a lockfile in a folder above ${entry}, because \`processor.install\` uses its versions, but there is none. Run: npm install`,
    });
    write("package-lock.json", '{ "lockfileVersion": 1, "dependencies": {} }');
    assert.throws(() => make({ entry, install: ["sharp"] }), {
      message: `Expected ${join(folder, "package-lock.json")} to have lockfileVersion 2 or later, got the version of npm 6. Run: npm install --package-lock-only`,
    });
  });

  it("needs the installed package when the lockfile is from another package manager", () => {
    const lockfile = write("pnpm-lock.yaml", "");
    assert.throws(() => make({ entry, install: ["no-such-package"] }), {
      message: `Expected "no-such-package" of \`processor.install\` to be installed in the version of ${lockfile}, but it was not found from ${entry}. Install the project's packages.`,
    });
  });
});
