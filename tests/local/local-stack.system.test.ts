import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import { type LocalParts, startStack } from "../../local/local-stack";
import { cloud, fakeHandlers } from "./evaluate/fake-handlers";
import { programFolder } from "./evaluate/program-folder";

describe("startStack", () => {
  const folders: { remove(): void }[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) folder.remove();
  });

  function folderWith(program: string): string {
    const imports = `import * as pulumi from "@pulumi/pulumi"; import * as sqs from "@pulumi/aws/sqs";`;
    const folder = programFolder({ "index.ts": imports + program });
    folders.push(folder);
    return folder.path;
  }

  function partsOf() {
    const { resourceHandlers, calls } = fakeHandlers();
    const closed: string[] = [];
    const parts: LocalParts = {
      startCloud: async () => ({ ...cloud, close: async () => void closed.push("closed") }),
      resourceHandlers,
    };
    return { parts, calls, closed };
  }

  const options = (program: string, more: { dataDir?: string; secrets?: Record<string, string> } = {}) => ({
    program,
    stack: "local",
    config: {},
    secrets: {},
    onReport: () => {},
    ...more,
  });

  it("shows the stack outputs, with secrets redacted", async () => {
    const program = folderWith(`export const a = 1; export const key = new pulumi.Config().requireSecret("key");`);
    const stack = await startStack(partsOf().parts, options(program, { secrets: { key: "hush" } }));
    assert.deepEqual(stack.outputs, { a: 1, key: "[secret]" });
  });

  it("sets the region of the local cloud unless one is configured", async () => {
    const program = folderWith(`export const region = new pulumi.Config("aws").require("region");`);
    assert.equal((await startStack(partsOf().parts, options(program))).outputs.region, "eu-west-1");
  });

  it("closes the cloud when the program fails", async () => {
    const { parts, closed } = partsOf();
    await assert.rejects(startStack(parts, options(folderWith(`throw new pulumi.RunError("no");`))), { message: "no" });
    assert.deepEqual(closed, ["closed"]);
  });

  it("stores the state in the data folder and creates the resources again with the same ids", async () => {
    const program = folderWith(`new sqs.Queue("q");`);
    const dataDir = join(program, "data");
    await startStack(partsOf().parts, options(program, { dataDir }));
    assert.equal(statSync(join(dataDir, "stack.json")).mode & 0o777, 0o600);
    const { parts, calls } = partsOf();
    await startStack(parts, options(program, { dataDir }));
    assert.deepEqual(calls, ["update q"]);
  });

  it("stores the resources that were created before a failure", async () => {
    const program = folderWith(
      `const q = new sqs.Queue("q"); new sqs.Queue("bad", { policy: q.arn.apply(() => "broken") });`,
    );
    const dataDir = join(program, "data");
    await assert.rejects(startStack(partsOf().parts, options(program, { dataDir })), /the policy is broken/);
    const { parts, calls } = partsOf();
    await assert.rejects(startStack(parts, options(program, { dataDir })), /the policy is broken/);
    assert.deepEqual(calls, ["update q"]);
  });
});
