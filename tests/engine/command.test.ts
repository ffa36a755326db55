import assert from "node:assert/strict";
import { resolve } from "node:path";
import { FROM_SOURCE } from "../../scripts/from-source";
import { untilLive } from "./until-live";

const ROOT = resolve(__dirname, "../..");
const CLI = resolve(ROOT, "cli/main.ts");
const DEPLOY = resolve(__dirname, "program/deploy.ts");

/** `stream-ingestion local -- node deploy.ts STACK` */
const deployTo = (stack: string) =>
  untilLive([...FROM_SOURCE, CLI, "local", "--", process.execPath, ...FROM_SOURCE, DEPLOY, stack], { cwd: ROOT });

describe("stream-ingestion local -- COMMAND, with the Pulumi engine in the command", () => {
  it("deploys the stack `local` and keeps it running until Ctrl-C", async () => {
    const { code, stdout, stderr } = await deployTo("local");
    assert.match(stdout, /^http:\/\/127\.0\.0\.1:\d+\/.*\/v1$/m, stderr);
    assert.match(stderr, /\d\d resources run at http:\/\/127\.0\.0\.1:\d+ until Ctrl-C/);
    assert.equal(code, 0);
  });

  it("rejects another stack: an up of `prod` fails without creating a resource", async () => {
    const { code, stderr } = await deployTo("prod");
    assert.match(stderr, /Expected a resource of the stack "local", got urn:pulumi:prod::/);
    assert.doesNotMatch(stderr, /resources run at/);
    assert.equal(code, 1);
  });
});
