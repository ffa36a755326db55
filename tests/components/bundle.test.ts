import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bundle } from "../../components/bundle/bundle";
import { bundleHandler, type HandlerName } from "../../components/bundle/handlers";
import { bundleProcessor } from "../../components/bundle/processor";

const HANDLERS: readonly HandlerName[] = ["connection-api", "connection-manager", "repeat-counter", "watchdog"];
const KB = 1024;

describe("a bundle", () => {
  let folder: string;
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "bundle-")));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function write(name: string, text: string): string {
    const path = join(folder, name);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  /** Text of a file in the archive. */
  async function textOf(bundle: Bundle, name: string): Promise<string> {
    const assets = (await bundle.archive.assets) as Record<string, { text: Promise<string> }>;
    return await assets[name]!.text;
  }

  for (const name of HANDLERS)
    it(`of the ${name} stays below 600 KB and loads nothing outside itself`, async () => {
      const bundle = bundleHandler(name);
      assert.ok(bundle.bytes < 600 * KB, `${name}: ${bundle.bytes} bytes`);
      const code = await textOf(bundle, "index.js");
      const required = [...code.matchAll(/require\("([^"]+)"\)/g)].map(([, path]) => path!);
      const outside = required.filter((path) => !path.startsWith("node:") && !require("node:module").isBuiltin(path));
      const doneWithout = name === "connection-manager" ? ["../llhttp/llhttp-wasm.js", "http2-left-out"] : [];
      assert.deepEqual([...new Set(outside)].sort(), doneWithout);
    });

  it("has the same hash from two folders", () => {
    const files = {
      "one/processor.ts": 'import { a } from "./lib/a"; export const handler = () => a;',
      "one/lib/a.ts": "export const a: number = 1;",
    };
    for (const [name, text] of Object.entries(files)) write(name, text);
    const entry = join(folder, "one/processor.ts");
    cpSync(join(folder, "one"), join(folder, "deeper/down/two"), { recursive: true });
    const first = bundleProcessor(entry);
    assert.equal(bundleProcessor(join(folder, "deeper/down/two/processor.ts")).hash, first.hash);
    write("one/lib/a.ts", "export const a: number = 2;");
    assert.notEqual(bundleProcessor(entry).hash, first.hash);
  });

  it("contains no path of this machine, and maps back to the user's file", async () => {
    const bundle = bundleProcessor(write("processor.ts", "export const handler = () => { throw new Error('x'); };"));
    const map = JSON.parse(await textOf(bundle, "index.js.map"));
    assert.deepEqual(map.sources, ["processor.ts"]);
    assert.ok(!JSON.stringify(await textOf(bundle, "index.js")).includes(folder));
  });

  it("follows the user's tsconfig", async () => {
    write("tsconfig.json", '{ "compilerOptions": { "baseUrl": ".", "paths": { "#lib": ["./lib.ts"] } } }');
    write("lib.ts", "export const answer = 'forty-two';");
    const bundle = bundleProcessor(
      write("processor.ts", 'import { answer } from "#lib"; export const handler = () => answer;'),
    );
    assert.match(await textOf(bundle, "index.js"), /forty-two/);
  });

  it("accepts a CommonJS processor", () => {
    assert.ok(bundleProcessor(write("processor.js", "exports.handler = async () => {};")).bytes > 0);
  });

  it("is rejected when the file does not exist, with the path that was tried", () => {
    const path = join(folder, "missing.ts");
    assert.throws(
      () => bundleProcessor(path),
      new Error(`Expected \`processor.entry\` to be a file, but "${path}" does not exist. Tried ${path}.`),
    );
  });

  it("is rejected when the code does not compile, with file and line", () => {
    const path = write("processor.ts", "export const handler = () => {\n  return 1 +;\n};");
    assert.throws(() => bundleProcessor(path), {
      message: `${path} does not compile:\nprocessor.ts:2:13: Unexpected ";"`,
    });
  });

  it("is rejected when a module does not exist", () => {
    const path = write("processor.ts", 'import "no-such-package"; export const handler = 1;');
    assert.throws(() => bundleProcessor(path), /processor\.ts:1:8: Could not resolve "no-such-package"/);
  });

  it("is rejected without a handler", () => {
    const path = write("processor.ts", "export const handle = () => {};");
    assert.throws(() => bundleProcessor(path), /to export `handler`/);
  });
});
