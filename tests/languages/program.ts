import assert from "node:assert/strict";
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { SampleUpstream } from "../../cli/local/sample/sample-upstream";
import { packAll, ROOT, unpackAll } from "../package/packages";
import { runCommands, type Terminal } from "../pulumi/terminal";

const AGAIN = "pulumi up --yes --skip-preview --expect-no-changes";
const INVALID = "pulumi preview 2>&1 || true";
const DESTROY = "pulumi destroy --yes --skip-preview";

/** A copy of `examples/<name>` with the packed npm packages. */
export function exampleProject(folder: string, name: string): string {
  const project = join(folder, "project");
  mkdirSync(project);
  cpSync(join(ROOT, "examples", name), project, { recursive: true });
  unpackAll(packAll(folder), project);
  return project;
}

/**
 * Deploys the program to the local cloud with the real Pulumi CLI, deploys again without a change, reads events, runs them through the
 * processor, reads the schema as `pulumi package add` does, passes an invalid argument, and destroys the stack.
 *
 * @param otherProcessors - commands that change the program's processor. After each, it is deployed and runs the events again
 */
export async function checkProgram(
  terminal: Omit<Terminal, "commandLine">,
  upstream: SampleUpstream,
  otherProcessors: readonly string[] = [],
): Promise<void> {
  const main = join(terminal.cwd, "node_modules/stream-ingestion/main.js");
  const TAIL = `${process.execPath} ${main} tail EUR_USD --stack dev --count 2`;
  const REPLAY = `${process.execPath} ${main} replay --stream EUR_USD --from 1h --yes --stack dev`;
  const SCHEMA =
    "pulumi package get-schema ./node_modules/pulumi-stream-ingestion/plugin/pulumi-resource-stream-ingestion";
  const COUNT_KEY = `pulumi stack export | grep -c '${upstream.key}' || true`;
  const { code, text, outputOf } = await runCommands({ ...terminal, commandLine: [main] }, [
    "pulumi stack init dev",
    "pulumi config set aws:region eu-west-1",
    `pulumi config set --secret url ${upstream.url}`,
    `pulumi config set --secret path '${upstream.path}'`,
    `pulumi config set --secret key ${upstream.key}`,
    "pulumi up --yes",
    AGAIN,
    TAIL,
    REPLAY,
    ...otherProcessors.flatMap((command) => [command, "pulumi up --yes --skip-preview", REPLAY]),
    SCHEMA,
    COUNT_KEY,
    "pulumi config set --secret path no-slash",
    INVALID,
    DESTROY,
  ]);
  assert.equal(code, 0, text);
  assert.match(outputOf("pulumi up --yes"), /\+ \d\d created/);
  assert.match(outputOf("pulumi up --yes"), /apiUrl *: "http/);
  assert.match(outputOf(AGAIN), /\d\d unchanged/);
  assert.match(outputOf(TAIL), /EUR_USD.*\n.*EUR_USD/);
  const handled = outputOf(REPLAY).match(/^[1-9]\d* processed, 0 failed$/gm);
  assert.equal(handled?.length, 1 + otherProcessors.length, "each processor handles events");
  assert.match(outputOf(SCHEMA), /"stream-ingestion:index:StreamIngestion": \{/);
  assert.equal(outputOf(COUNT_KEY).trim(), "0", "the state has no secret in plain text");
  assert.match(outputOf(INVALID), /Expected `source\.path` to start with "\/"/);
  assert.match(outputOf(DESTROY), /- \d\d deleted/);
}
