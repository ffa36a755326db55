import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type PackageName, ROOT } from "../package/packages";
import type { PackageManager } from "./managers";

/** The packages of a project, by folder: the module system of each. */
export const MODULE_SYSTEMS = { modules: "module", commonjs: "commonjs" } as const;

/** Versions of one package, which package managers place in different folders. Version 5 has no CommonJS. */
const NANOID = { modules: "5.1.6", commonjs: "3.3.11" };

const PROGRAM = `import * as pulumi from "@pulumi/pulumi";
import { StreamIngestion } from "pulumi-stream-ingestion";

const config = new pulumi.Config();
const prices = new StreamIngestion("prices", {
  source: { url: config.requireSecret("url"), path: "/v1/{streamId}", format: "lines" },
  processor: {
    entry: "./processor.ts",
    install: ["snappy"],
    architecture: process.arch === "x64" ? "x86_64" : "arm64",
  },
  streams: ["EUR_USD"],
});
export const apiUrl: pulumi.Output<string> = prices.apiUrl;
`;

const PROCESSOR = `import { half } from "@desk/units";
import { nanoid } from "nanoid";
import { eachEvent } from "pulumi-stream-ingestion/processor";
import { compressSync, uncompressSync } from "snappy";

export const handler = eachEvent(async (event) => {
  const { n } = event.json() as { n: number };
  if (n < 0) throw new RangeError("below zero");
  const text = uncompressSync(compressSync(\`half of \${n} is \${half(n)}\`), { asBuffer: false });
  console.log(text, nanoid(10).length);
});
`;

const TEST = `import assert from "node:assert/strict";
import { test } from "node:test";
import { testProcessor } from "pulumi-stream-ingestion/testing";
import { handler } from "./processor.js";

test("a negative number fails", async () => {
  const { failures } = await testProcessor(handler, [{ data: '{"n":1}' }, { data: '{"n":-1}' }]);
  assert.deepEqual(failures.map(({ error }) => error.code), ["RangeError"]);
});
`;

const COMPILER_OPTIONS = {
  module: "nodenext",
  target: "es2023",
  strict: true,
  outDir: "build",
  skipLibCheck: true,
  types: ["node"],
};

/** Writes a project of two Pulumi programs and a package that both use. */
export function writeProject(folder: string, manager: PackageManager, tarballs: Record<PackageName, string>): void {
  const local = `file:${tarballs["stream-ingestion-local"]}`;
  const files: Record<string, string | object> = {
    ...manager.files(local),
    "package.json": { name: "desk", private: true, workspaces: ["packages/*"], ...manager.fields?.(local) },
    "packages/units/package.json": { name: "@desk/units", version: "1.0.0", type: "module", exports: "./index.js" },
    "packages/units/index.js": "export const half = (value) => value / 2;\n",
    "packages/units/index.d.ts": "export declare const half: (value: number) => number;\n",
  };
  for (const [name, type] of Object.entries(MODULE_SYSTEMS))
    Object.assign(files, {
      [`packages/${name}/package.json`]: {
        name,
        version: "1.0.0",
        type,
        scripts: { check: "tsc -p . && node --test build/processor.test.js" },
        dependencies: {
          "@desk/units": manager.workspace,
          "@pulumi/aws": installed("@pulumi/aws"),
          "@pulumi/pulumi": installed("@pulumi/pulumi"),
          nanoid: NANOID[name as keyof typeof NANOID],
          "pulumi-stream-ingestion": `file:${tarballs["pulumi-stream-ingestion"]}`,
          snappy: "7.4.3",
        },
        devDependencies: {
          "@types/node": installed("@types/node"),
          "stream-ingestion": `file:${tarballs["stream-ingestion"]}`,
          "stream-ingestion-local": local,
          typescript: installed("typescript"),
        },
      },
      [`packages/${name}/Pulumi.yaml`]: `name: ${name}\nruntime: nodejs\nmain: index.ts\n`,
      [`packages/${name}/tsconfig.json`]: { compilerOptions: COMPILER_OPTIONS, include: ["*.ts"] },
      [`packages/${name}/index.ts`]: PROGRAM,
      [`packages/${name}/processor.ts`]: PROCESSOR,
      [`packages/${name}/processor.test.ts`]: TEST,
    });
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), typeof content === "string" ? content : JSON.stringify(content, null, 2));
  }
}

/** This repository's version. */
function installed(name: string): string {
  const { version } = JSON.parse(readFileSync(join(ROOT, "node_modules", name, "package.json"), "utf8"));
  return version;
}
