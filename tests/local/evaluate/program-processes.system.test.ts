import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isProcessAlive } from "../../../local/cloud/is-process-alive";
import { mergeConfig } from "../../../local/evaluate/config";
import { createDeployment, stackOutputs } from "../../../local/evaluate/deployment";
import { evaluate } from "../../../local/evaluate/evaluate";
import { type ProgramProcesses, programProcesses } from "../../../local/evaluate/program-processes";
import { readProject } from "../../../local/evaluate/project";
import { cloud, fakeHandlers } from "./fake-handlers";
import { programFolder } from "./program-folder";

/** A package that has a version, and appends the process that loads it to a file. */
const component = (version: number) =>
  `require("node:fs").appendFileSync(__dirname + "/loads", process.pid + "\\n"); exports.version = ${version};`;
/** Exports what is loaded before the program runs. */
const program = (edit: number) => `
  const early = ["component", "settings"].filter((name) => Object.keys(require.cache).some((file) => file.includes("/node_modules/" + name + "/")));
  const pulumi = require("@pulumi/pulumi");
  module.exports = {
    early, edit: ${edit}, pid: process.pid, folder: process.cwd(),
    version: require("component").version, setting: require("settings").value, config: new pulumi.Config().get("key"),
  };`;

describe("the process of the next evaluation", () => {
  let folder: { path: string; remove(): void };
  let processes: ProgramProcesses;
  beforeEach(() => {
    folder = programFolder(
      {
        "index.js": program(0),
        "package.json": "{}",
        "node_modules/component/package.json": '{ "name": "component", "peerDependencies": { "@pulumi/pulumi": "*" } }',
        "node_modules/component/index.js": component(1),
        "node_modules/settings/package.json": '{ "name": "settings" }',
        "node_modules/settings/index.js": 'exports.value = require("node:fs").readFileSync("setting", "utf8");',
        setting: "a",
      },
      "@pulumi/pulumi",
    );
    processes = programProcesses(0);
    processes.keepReady();
  });
  afterEach(() => {
    processes.close();
    folder.remove();
  });

  async function run(config: Record<string, string> = {}) {
    const project = readProject(folder.path);
    const { resourceHandlers } = fakeHandlers();
    const deployment = createDeployment({ cloud, resourceHandlers, before: [], restarted: false, report: () => {} });
    const merged = mergeConfig(project, {}, { config, secrets: {} }, "Pulumi.local.yaml");
    const settings = { project, stack: "local", config: merged, deployment, onLine: () => {}, processes };
    const { outputs } = stackOutputs(await evaluate(settings));
    // Equal timers fire in the order of their creation, so the next process has started after this one.
    await new Promise((resolve) => setTimeout(resolve, 0));
    return outputs as { early: string[]; pid: number; version: number; setting: string; edit: number };
  }
  const edit = (name: string, content: string) => writeFileSync(join(folder.path, name), content);

  it("has loaded the packages for Pulumi and no others, and runs the program as it is then", async () => {
    const first = await run();
    edit("index.js", program(1));
    edit("setting", "b");
    const second = await run();
    assert.deepEqual([first.early, first.edit, first.setting], [[], 0, "a"]);
    assert.deepEqual([second.early, second.edit, second.setting], [["component"], 1, "b"]);
    assert.notEqual(first.pid, second.pid);
    assert.deepEqual((await run()).early, ["component"], "one process for each evaluation");
  });

  it("is replaced when a package or the configuration has changed", async () => {
    await run();
    // The process that waits has loaded the package.
    const loads = () => readFileSync(join(folder.path, "node_modules/component/loads"), "utf8").trim().split("\n");
    while (loads().length < 2) await new Promise(setImmediate);
    edit("node_modules/component/index.js", component(2));
    const updated = await run();
    assert.deepEqual([updated.early, updated.version], [[], 2]);
    assert.deepEqual((await run({ "sample:key": "value" })).early, []);
  });

  it("waits also after a program that failed", async () => {
    await run();
    edit("index.js", "throw new Error('broken')");
    await assert.rejects(run(), /broken/);
    await new Promise((resolve) => setTimeout(resolve, 0));
    edit("index.js", program(2));
    assert.deepEqual((await run()).early, ["component"]);
  });

  it("ends when the stack closes", async () => {
    const { pid } = await run();
    const file = join(folder.path, "node_modules/component/loads");
    const waiting = () =>
      readFileSync(file, "utf8")
        .trim()
        .split("\n")
        .map(Number)
        .find((other) => other !== pid);
    while (!existsSync(file) || waiting() === undefined) await new Promise(setImmediate);
    processes.close();
    while (isProcessAlive(waiting()!)) await new Promise(setImmediate);
  });
});
