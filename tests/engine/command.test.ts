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

describe("stream-ingestion local -- COMMAND, with an engine in the command", () => {
  it("takes what the engine deploys to the stack `local`, and keeps it up until Ctrl-C", async () => {
    const { code, stdout, stderr } = await deployTo("local");
    assert.match(stdout, /^http:\/\/127\.0\.0\.1:\d+\/.*\/v1$/m, stderr);
    assert.match(stderr, /\d\d resources live at http:\/\/127\.0\.0\.1:\d+ until Ctrl-C/);
    assert.equal(code, 0);
  });

  it("refuses another stack: an up of `prod` fails, and nothing is made", async () => {
    const { code, stderr } = await deployTo("prod");
    assert.match(stderr, /Expected a resource of the stack "local", got urn:pulumi:prod::/);
    assert.doesNotMatch(stderr, /resources live at/);
    assert.equal(code, 1);
  });
});
