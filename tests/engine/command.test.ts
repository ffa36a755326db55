import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";

const ROOT = resolve(__dirname, "../..");
const HOOK = ["-r", require.resolve("ts-node/register/transpile-only")];
const CLI = resolve(ROOT, "cli/main.ts");
const DEPLOY = resolve(__dirname, "program/deploy.ts");

/** `stream-ingestion local -- node deploy.ts STACK`, ended with SIGINT when it says that something stays up. */
async function deployTo(stack: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const command = [...HOOK, CLI, "local", "--", process.execPath, ...HOOK, DEPLOY, stack];
  const child = spawn(process.execPath, command, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (data) => {
    output.stdout += data;
  });
  child.stderr.on("data", (data) => {
    output.stderr += data;
    if (/until Ctrl-C/.test(output.stderr)) child.kill("SIGINT");
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...output };
}

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
