import assert from "node:assert/strict";
import { join } from "node:path";
import { readProject } from "../../../local/evaluate/project";
import { programFolder } from "./program-folder";

describe("readProject", () => {
  const folders: { remove(): void }[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) folder.remove();
  });

  function read(files: Record<string, string>) {
    const folder = programFolder(files);
    folders.push(folder);
    const project = readProject(folder.path);
    const shorten = (path: string) => path.replace(folder.path, "");
    return { entry: shorten(project.entry), directory: shorten(project.directory) };
  }

  it("prefers `main` of Pulumi.yaml to that of package.json, and runs in its folder", () => {
    const files = {
      "Pulumi.yaml": "name: a\nruntime: nodejs\nmain: infra/run.ts\n",
      "package.json": `{ "main": "dist/index.js" }`,
      "dist/index.js": "",
      "infra/run.ts": "",
    };
    assert.deepEqual(read(files), { entry: "/infra/run.ts", directory: "/infra" });
  });

  it("uses the program in package.json", () => {
    assert.equal(read({ "package.json": `{ "main": "bin/" }`, "bin/index.js": "" }).entry, "/bin/index.js");
    const exports = {
      "package.json": `{ "exports": { ".": { "default": "./app.js" } } }`,
      "app.js": "",
      "index.ts": "",
    };
    assert.equal(read(exports).entry, "/app.js");
  });

  it("falls back to an index file when the file in package.json does not exist", () => {
    assert.equal(read({ "package.json": `{ "main": "dist/index.js" }`, "index.ts": "" }).entry, "/index.ts");
  });

  it("prefers index.js over index.ts, as Pulumi does", () => {
    assert.equal(read({ "index.js": "", "index.ts": "" }).entry, "/index.js");
  });

  it("names the folder without Pulumi.yaml", () => {
    const nowhere = join(__dirname, "nowhere");
    assert.throws(() => readProject(nowhere), {
      message: `Expected a Pulumi project in ${nowhere}, found no Pulumi.yaml. Pass the project's folder with --program DIR.`,
    });
  });

  it("rejects a program in another language by name", () => {
    assert.throws(() => read({ "Pulumi.yaml": "name: a\nruntime: python\n" }), /to be nodejs, got python/);
  });

  it("names the file that is not valid YAML", () => {
    assert.throws(() => read({ "Pulumi.yaml": "name: [" }), /Pulumi\.yaml is not valid YAML/);
  });

  it("lists the files that it looked for when it finds no program", () => {
    assert.throws(() => read({}), /looked for index\.js, index\.cjs, index\.mjs, index\.ts/);
  });
});
