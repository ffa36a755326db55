import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { Bundle } from "../../components/bundle/bundle";
import { BUNDLE_DEFAULTS, type BundleSettings } from "../../components/bundle/options";
import { bundleProcessor } from "../../components/bundle/processor";

describe("a processor's bundle", () => {
  let folder: string;
  let warnings: string[];
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "processor-bundle-")));
    warnings = [];
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function write(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) {
      const path = join(folder, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
  }

  /** Bundles `files`, of which the first is the entry. */
  function bundle(files: Readonly<Record<string, string>>, settings: Partial<BundleSettings> = {}): Bundle {
    write(files);
    const entry = join(folder, Object.keys(files)[0] as string);
    return bundleProcessor(entry, { ...BUNDLE_DEFAULTS, ...settings }, (message) => warnings.push(message));
  }

  async function textsOf({ archive }: Bundle): Promise<Record<string, string>> {
    const assets = (await archive.assets) as Record<string, { text: Promise<string> }>;
    return Object.fromEntries(
      await Promise.all(Object.entries(assets).map(async ([name, { text }]) => [name, await text])),
    );
  }

  /** What the handler returns, in a separate process and folder. */
  async function run(code: Bundle): Promise<unknown> {
    const deployed = join(folder, "deployed");
    mkdirSync(deployed);
    for (const [name, text] of Object.entries(await textsOf(code))) writeFileSync(join(deployed, name), text);
    // Only what is bundled may be found.
    rmSync(join(folder, "node_modules"), { recursive: true, force: true });
    const script = `
      const name = require("node:fs").existsSync("./index.mjs") ? "index.mjs" : "index.js";
      import(process.cwd() + "/" + name).then(async (exports) => {
        console.log(JSON.stringify(await (exports.handler ?? exports.default.handler)()));
      });`;
    const { stdout, stderr } = spawnSync(process.execPath, ["-e", script], { cwd: deployed, encoding: "utf8" });
    assert.equal(stderr, "");
    return JSON.parse(stdout);
  }

  const BOTH_KINDS = {
    "node_modules/both/package.json": JSON.stringify({
      name: "both",
      exports: { module: "./esm.mjs", import: "./esm.mjs", require: "./cjs.cjs" },
    }),
    "node_modules/both/esm.mjs": "export default 'an ES module';",
    "node_modules/both/cjs.cjs": "module.exports = () => 'CommonJS';",
    "node_modules/main-first/package.json": JSON.stringify({ name: "main-first", main: "cjs.js", module: "esm.js" }),
    "node_modules/main-first/cjs.js": "module.exports = () => 'main';",
    "node_modules/main-first/esm.js": "export default 'module';",
  };

  describe("resolves packages as Node does:", () => {
    it("require finds their CommonJS", async () => {
      const code = bundle({
        "processor.js": "exports.handler = async () => [require('both')(), require('main-first')()];",
        ...BOTH_KINDS,
      });
      assert.deepEqual(await run(code), ["CommonJS", "main"]);
    });

    it("import finds their ES modules, and `main` before `module`", async () => {
      const code = bundle({
        "processor.ts":
          "import both from 'both'; import main from 'main-first'; export const handler = async () => [both, main()];",
        ...BOTH_KINDS,
      });
      assert.deepEqual(await run(code), ["an ES module", "main"]);
    });

    it("settings can prefer other modules", async () => {
      const code = bundle(
        {
          "processor.ts": "import main from 'main-first'; export const handler = async () => main;",
          ...BOTH_KINDS,
        },
        { mainFields: ["module", "main"] },
      );
      assert.equal(await run(code), "module");
    });
  });

  it("supports import.meta.url, filename and dirname", async () => {
    const text = `import { fileURLToPath } from "node:url";
      export const handler = async () => [fileURLToPath(import.meta.url), import.meta.filename, import.meta.dirname];`;
    const deployed = join(folder, "deployed");
    const expected = [join(deployed, "index.js"), join(deployed, "index.js"), deployed];
    assert.deepEqual(await run(bundle({ "processor.ts": text })), expected);
  });

  it("contains the modules of a created require", async () => {
    const code = bundle({
      "processor.mts": `import { createRequire } from "node:module";
        import * as module from "node:module";
        const require = createRequire(import.meta.url);
        const load = module.createRequire(import.meta.filename);
        const direct: number = createRequire(import.meta.url)("./data.json").n;
        export const handler = async () => [require("both")(), load("./data.json").n, direct, typeof load.resolve];`,
      "data.json": '{"n":1}',
      ...BOTH_KINDS,
    });
    assert.deepEqual(await run(code), ["CommonJS", 1, 1, "function"]);
  });

  describe("warns about files that code reads next to itself:", () => {
    const HANDLER = "export const handler = async () => file;";

    it("of a package, which can be installed", () => {
      bundle({
        "processor.ts": `import file from "fonts"; ${HANDLER}`,
        "node_modules/fonts/index.js": `const fs = require("fs"), path = require("path");
          module.exports = () => [fs.readFileSync(__dirname + "/data/a.afm"), path.join(__dirname, "..", "fonts", "worker.js")];`,
        "node_modules/fonts/data/a.afm": "font",
        "node_modules/fonts/worker.js": "",
      });
      assert.equal(warnings.length, 1);
      assert.match(
        warnings[0]!,
        /^The package fonts reads its own file \S+ at run time.*"fonts" to `processor\.install`\.$/,
      );
    });

    const reads: [string, string][] = [
      ["join", 'import { join } from "node:path"; const file = join(import.meta.dirname, "data", "a.txt");'],
      ["a URL", 'const file = new URL("./data/a.txt", import.meta.url);'],
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the processor's own template.
      ["a template", "const file = `${__dirname}/data/a.txt`;"],
    ];
    for (const [name, code] of reads)
      it(`of the project, named with ${name}, which can be copied`, () => {
        bundle({ "processor.ts": `${code} ${HANDLER}`, "data/a.txt": "text" });
        assert.equal(warnings.length, 1);
        assert.match(
          warnings[0]!,
          /^processor\.ts reads data\/a\.txt at run time.* to: "data\/a\.txt" } to `processor\.copy`\.$/,
        );
        const entry = join(folder, "processor.ts");
        const copied = { data: new pulumi.asset.FileArchive(join(folder, "data")) };
        bundleProcessor(entry, BUNDLE_DEFAULTS, (message) => warnings.push(message), copied);
        assert.equal(warnings.length, 1);
      });

    it("but not about folders above, files that do not exist and files that are bundled", () => {
      bundle({
        "processor.ts": `import { join } from "node:path"; import data from "./data.json";
          const file = [join(__dirname, ".."), join(__dirname, "absent.txt"), data.n]; ${HANDLER}`,
        "data.json": '{"n":1}',
      });
      assert.deepEqual(warnings, []);
    });
  });

  it("contains the modules that a require with a variable part can load", async () => {
    const code = bundle({
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the processor's own template.
      "processor.js": "exports.handler = async (name = 'de') => require(`./locale/${name}.js`);",
      "locale/de.js": "module.exports = 'hallo';",
      "locale/en.js": "module.exports = 'hello';",
    });
    assert.equal(await run(code), "hallo");
  });

  it("keeps the names of classes and functions", async () => {
    const text = `class PriceMissing extends Error { constructor() { super("x"); this.name = new.target.name; } }
      export const handler = async () => new PriceMissing().name;`;
    assert.equal(await run(bundle({ "processor.ts": text })), "PriceMissing");
  });

  it("is an ES module when the code uses top-level await, with the variables that CommonJS packages expect", async () => {
    const code = bundle({
      "processor.ts": `import parts from "commonjs"; const answer = await Promise.resolve(42);
        export const handler = async () => [answer, ...parts()];`,
      "node_modules/commonjs/index.js": `const { sep } = require("node:path");
        const name = "node:os";
        module.exports = () => [sep, typeof require(name).EOL, __dirname, __filename.slice(__dirname.length)];`,
    });
    assert.equal(code.handler, "index.handler");
    assert.deepEqual(Object.keys(await textsOf(code)), ["index.mjs", "index.mjs.map"]);
    assert.deepEqual(await run(code), [42, "/", "string", join(folder, "deployed"), "/index.mjs"]);
  });

  it("is an ES module on request, minified or not", async () => {
    const files = {
      "processor.mts": `import { createRequire } from "node:module"; import { dirname } from "node:path"; import { fileURLToPath } from "node:url";
        const require = createRequire(import.meta.url); const __dirname = dirname(fileURLToPath(import.meta.url));
        export const handler = async () => [require("both")(), __dirname];`,
      ...BOTH_KINDS,
    };
    assert.deepEqual(await run(bundle(files, { format: "esm", minify: false })), [
      "CommonJS",
      join(folder, "deployed"),
    ]);
  });

  it("applies esbuild's loaders, definitions, aliases and banner", async () => {
    const code = bundle(
      {
        "processor.ts": `import query from "./a.sql"; import bytes from "./b.bin"; import replaced from "old";
          declare const STAGE: string;
          export const handler = async () => [query, bytes.length, STAGE, replaced, (globalThis as any).fromBanner];`,
        "a.sql": "select 1",
        "b.bin": "abc",
        "node_modules/new/index.js": "module.exports = 'new';",
      },
      {
        loader: { ".sql": "text", ".bin": "binary" },
        define: { STAGE: '"test"' },
        alias: { old: "new" },
        banner: "globalThis.fromBanner = 1;",
        minify: false,
      },
    );
    const text = (await textsOf(code))["index.js"]!;
    assert.deepEqual(await run(code), ["select 1", 3, "test", "new", 1]);
    assert.match(text, /\n {2}handler/);
  });

  describe("has the metadata of decorators", () => {
    const PROCESSOR = `const types: unknown[] = [];
      const column = (target: object, key: string) => { types.push((Reflect as any).getMetadata("design:type", target, key).name); };
      class Price { @column at!: Date; @column bid!: number; }
      export const handler = async () => [types, Object.keys(new Price())];`;
    const METADATA = `const all = new Map(); Reflect.metadata = (k, v) => (t, p) => { all.set(p + k, v); };
      Reflect.getMetadata = (k, t, p) => all.get(p + k);`;
    const files = (compilerOptions: object) => ({
      "src/processor.ts": `import "reflect";\n${PROCESSOR}`,
      "node_modules/reflect/index.js": METADATA,
      "base.json": JSON.stringify({ compilerOptions }),
      "tsconfig.json": '{\n  // The options are elsewhere.\n  "extends": "./base.json"\n}',
    });
    const EMIT = { target: "es2020", experimentalDecorators: true, emitDecoratorMetadata: true };

    it("when the project has a compiler that emits it", async () => {
      mkdirSync(join(folder, "node_modules"));
      symlinkSync(resolve(__dirname, "../../node_modules/typescript"), join(folder, "node_modules/typescript"));
      assert.deepEqual(await run(bundle(files(EMIT))), [["Date", "Number"], []]);
    });

    it("or is rejected with a clear message", () => {
      assert.throws(() => bundle(files(EMIT)), {
        message:
          `${join(folder, "src/processor.ts")} has decorators, and its tsconfig.json sets \`emitDecoratorMetadata\`: only the TypeScript ` +
          "compiler (up to 6) emits that metadata, and it was not found from there. Install it: npm install --save-dev typescript@5. " +
          "Or remove the setting.",
      });
    });

    it("and needs no compiler when the setting is off", () => {
      assert.ok(bundle(files({ ...EMIT, emitDecoratorMetadata: false })).bytes > 0);
    });
  });

  describe("is rejected when it does not work as in Node:", () => {
    it("with the warning and advice", () => {
      const text = "export const handler = async () => import.meta.resolve('x');";
      assert.throws(() => bundle({ "processor.ts": text }), {
        message:
          `${join(folder, "processor.ts")} does not work the same in a bundle as in Node:\n` +
          'processor.ts:1:36: "import.meta" is not available with the "cjs" output format and will be empty\n' +
          "Change the code, or keep the package out of the bundle with `processor.install`. " +
          'To accept the warning, set `processor.bundle.logOverride` to { "empty-import-meta": "silent" }.',
      });
    });

    it("unless the user accepts the warning", () => {
      const text = "export const handler = async () => typeof import.meta;";
      assert.ok(bundle({ "processor.ts": text }, { logOverride: { "empty-import-meta": "silent" } }).bytes > 0);
      assert.deepEqual(warnings, []);
    });

    it("but not for a warning about style, which is logged", () => {
      bundle({ "processor.ts": "export const handler = async () => ({ a: 1, a: 2 });" });
      assert.deepEqual(warnings, [
        `${join(folder, "processor.ts")}:\nprocessor.ts:1:45: Duplicate key "a" in object literal`,
      ]);
    });

    for (const [ending, advice] of [
      [".node", "A native addon cannot be bundled: list the package that it belongs to in `processor.install`."],
      [
        ".sql",
        'Set a loader for such files in `processor.bundle.loader`: { ".sql": "text" } or "json", "binary", "base64", "copy".',
      ],
    ] as const)
      it(`a ${ending} file, with advice`, () => {
        const files = { "processor.js": `exports.handler = async () => require("./a${ending}");`, [`a${ending}`]: "" };
        assert.throws(
          () => bundle(files),
          ({ message }: Error) =>
            message.includes(`No loader is configured for "${ending}"`) && message.endsWith(advice),
        );
      });
  });

  describe("exports `handler`", () => {
    const ACCEPTED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
      "as the result of a call": {
        "processor.ts": "export const handler = wrap(); function wrap() { return async () => {}; }",
      },
      "through a re-export": {
        "processor.ts": "export { run as handler } from './a'",
        "a.ts": "export const run = async () => {};",
      },
      "through `export *` of an ES module": {
        "processor.ts": "export * from './a'",
        "a.ts": "export async function handler() {}",
      },
      "through `export *` of compiled CommonJS": {
        "processor.ts": "export * from './a.js'",
        "a.js":
          "Object.defineProperty(exports, '__esModule', { value: true }); exports.handler = void 0; exports.handler = async () => {};",
      },
      "through an import": {
        "processor.ts": "import { h } from './a'; export { h as handler };",
        "a.ts": "export const h = async () => {};",
      },
      "through a default export": {
        "processor.ts": "export { default as handler } from './a'",
        "a.ts": "export default async function () {}",
      },
      "through a default import of CommonJS": {
        "processor.mjs": "import run from './a.cjs'; export const handler = run;",
        "a.cjs": "module.exports = async () => {};",
      },
      "from a destructured value": { "processor.ts": "export const { handler } = { handler: async () => {} };" },
      "with an optional third parameter": { "processor.ts": "export const handler = async (a: 1, b: 2, c = 3) => c;" },
      "as CommonJS": { "processor.js": "module.exports.handler = async (event, context) => {};" },
      "as CommonJS with `export =`": { "processor.ts": "const handler = async () => 1; export = { handler };" },
      "as a property of a function": {
        "processor.js": "const run = async () => {}; run.handler = run; module.exports = run;",
      },
      "with defineProperty": {
        "processor.js": "Object.defineProperty(exports, 'handler', { get: () => async () => 1 });",
      },
      "with another file's properties": { "processor.js": "module.exports = { ...require('./a.js') };", "a.js": "" },
      "as a let that is assigned later": {
        "processor.ts": "export let handler: unknown = 1; handler = async () => {};",
      },
    };
    for (const [how, files] of Object.entries(ACCEPTED))
      it(how, () => {
        assert.ok(bundle(files).bytes > 0);
      });

    const CALLBACK = "(event, context, callback) => { callback(null); }";
    const CALLBACKS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
      "an arrow": { "processor.js": `export const handler = ${CALLBACK};` },
      "a function": { "processor.js": "export function handler(event, context, callback) {}" },
      "a name": { "processor.js": `const run = ${CALLBACK}; export { run as handler };` },
      "another file's": {
        "processor.js": "export { handler } from './a.js'",
        "a.js": `export const handler = ${CALLBACK};`,
      },
      "another file's default export": {
        "processor.js": "import run from './a.js'; export const handler = run;",
        "a.js": `export default ${CALLBACK};`,
      },
      "an argument of eachEvent": {
        "processor.js": `import { eachEvent as each } from "pulumi-stream-ingestion/processor"; export const handler = each(${CALLBACK});`,
        "node_modules/pulumi-stream-ingestion/package.json": JSON.stringify({
          exports: { "./processor": "./processor.mjs" },
        }),
        "node_modules/pulumi-stream-ingestion/processor.mjs": "export const eachEvent = (handler) => handler;",
      },
      "CommonJS's quoted name": { "processor.js": `exports["handler"] = ${CALLBACK};` },
      CommonJS: { "processor.js": `exports.handler = ${CALLBACK};` },
      "CommonJS's object": { "processor.js": `const handler = ${CALLBACK}; module.exports = { handler };` },
    };
    for (const [how, files] of Object.entries(CALLBACKS))
      it(`and is rejected with a callback: ${how}`, () => {
        assert.throws(() => bundle(files), {
          message:
            `Expected \`handler\` of ${join(folder, "processor.js")} to take an event and a context, got 3 parameters. ` +
            "Lambda no longer supports callbacks. Return a promise, or write " +
            "`export const handler = eachEvent(async (event) => { … })`.",
        });
      });

    const VALUES = {
      "1": "a number",
      "'x'": "a string",
      "`x`": "a string",
      null: "null",
      undefined: "undefined",
      "{ run() {} }": "an object",
      "[]": "an array",
      "class {}": "a class",
      "function* () {}": "a generator",
    };
    for (const [value, is] of Object.entries(VALUES))
      it(`and is rejected as ${is}: ${value}`, () => {
        assert.throws(() => bundle({ "processor.ts": `export const handler = ${value};` }), {
          message:
            `Expected \`handler\` of ${join(folder, "processor.ts")} to be a function, got ${is}. Write ` +
            "`export const handler = eachEvent(async (event) => { … })`.",
        });
      });

    const MISSING: Readonly<Record<string, Readonly<Record<string, string>>>> = {
      "the file is empty": { "processor.ts": "" },
      "`export` is forgotten": { "processor.ts": "const handler = async () => 1;" },
      "the default export is a class": { "processor.ts": "export default class Processor { handler() {} }" },
      "the default export has it": { "processor.mjs": "export default { handler: async () => 1 };" },
      "CommonJS exports a function": { "processor.js": "module.exports = async () => 1;" },
      "CommonJS exports a class": { "processor.js": "module.exports = class { handler() {} };" },
      "CommonJS exports another name": { "processor.js": "exports.handle = async () => 1;" },
      "CommonJS replaces its exports": {
        "processor.js": "module.exports.handler = async () => 1; module.exports = { run: 1 };",
      },
    };
    for (const [why, files] of Object.entries(MISSING))
      it(`and is rejected when ${why}`, () => {
        assert.throws(() => bundle(files), /to export `handler`\. Example: `export const handler/);
      });

    it("and is rejected as a module or class of another file", () => {
      for (const [first, is] of [
        ["import * as run from './a'; export const handler = run;", "a module"],
        ["import Run from './a'; export { Run as handler };", "a class"],
      ] as const)
        assert.throws(
          () => bundle({ "processor.ts": first, "a.ts": "export default class Run {}" }),
          ({ message }: Error) => message.includes(`to be a function, got ${is}.`),
        );
    });

    it("and is rejected when `export *` does not export it", () => {
      assert.throws(
        () => bundle({ "processor.ts": "export * from './a'", "a.ts": "export const handle = 1;" }),
        /to export `handler`/,
      );
    });
  });
});
