import assert from "node:assert/strict";
import { Command } from "commander";
import { commands } from "../../cli/commands";
import { jsonUsageErrors } from "../../cli/usage-error";

interface Outcome {
  readonly exitCode: number;
  readonly stderr: string;
}

/** Runs the command line as `main` does, with its output and its exit code. */
async function commandLine(...args: string[]): Promise<Outcome> {
  const { exitCode, env } = process;
  const write = process.stderr.write;
  let stderr = "";
  process.stderr.write = ((text: string) => {
    stderr += text;
    return true;
  }) as typeof process.stderr.write;
  process.exitCode = undefined;
  process.env = { ...env, AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b", PATH: "/nowhere" };
  delete process.env.AWS_REGION;
  delete process.env.AWS_DEFAULT_REGION;
  try {
    const program = jsonUsageErrors(new Command("stream-ingestion").exitOverride(), args);
    for (const add of commands) add(program);
    const thrown = await program.parseAsync(["node", "stream-ingestion", ...args]).then(
      () => undefined,
      (error: { exitCode: number }) => error,
    );
    return { exitCode: thrown?.exitCode ?? Number(process.exitCode ?? 0), stderr: stderr.trim() };
  } finally {
    process.stderr.write = write;
    process.env = env;
    process.exitCode = exitCode;
  }
}

const API = ["--api-url", "http://127.0.0.1:9/v1"];
const REGION = ["--region", "eu-west-1"];

/** Wrong uses, with what the one sentence about them says. */
const WRONG: readonly (readonly [args: readonly string[], message: RegExp])[] = [
  [["nonsense"], /unknown command 'nonsense'/],
  [["start"], /missing required argument 'streamId'/],
  [["start", "../x", ...API, ...REGION], /Expected the stream id to be 1 to 128 characters/],
  [["start", "a", "--api-url", ""], /Expected a value for --api-url, got an empty one\.$/],
  [["start", "a", "--api-url"], /option '--api-url <url>' argument missing/],
  [["stop", "a", "--api-url", "ftp://host"], /Expected the API's URL to be https/],
  [["status", "a", ...API], /does not contain an AWS region\. Pass --region/],
  [["list", "a", ...API], /too many arguments for 'list'/],
  [["list", "--stack", "nope"], /outputs of stack nope: the Pulumi CLI is not on PATH\. Install it/],
  [["list", "--stack", "nope", ...API], /outputs of stack nope: the Pulumi CLI is not on PATH/],
  [["tail", "../x", "--table", "t"], /value '\.\.\/x' is invalid.*Expected 1 to 128 characters/],
  [["tail", "--from", "2h", "--table", "t"], /Expected a stream id with --from/],
  [["tail", "a", "--from", "yesterday", "--table", "t"], /Expected --from to be a duration .* or a date/],
  [["tail", "--count", "99999999999", "--table", "t"], /Expected a whole number in 1\.\.999999999\./],
  [["tail", "--table", "", ...REGION], /Expected a value for --table, got an empty one/],
  [["replay", "--from", "2h"], /required option '--stream <id>' not specified/],
  [["replay", "--stream", "", "--from", "2h"], /Expected 1 to 128 characters/],
  [["replay", "--stream", "a", "--from", "99999999999999d"], /Expected --from to be a duration/],
  [["replay", "--stream", "a", "--from", "1h", "--to", "2h"], /Expected --from to be before --to/],
  [["failures", "list", "--bucket", "", ...REGION], /Expected a value for --bucket, got an empty one/],
  [["failures", "list", "--bucket", "b", "--since", "5", ...REGION], /Expected --since to be a duration/],
  [["failures", "show", "--bucket", "b"], /missing required argument 'object'/],
  [["failures", "discard", "--bucket", "b"], /Expected objects, --stream, --since or --all, got none/],
  [["failures", "discard", "x", "--all", "--bucket", "b", ...REGION], /Expected either objects or --all, got both/],
  [["failures", "redrive", "x", "--since", "2h", "--bucket", "b", "--function", "f", ...REGION], /--since, got both/],
  [["failures", "redrive", "x", "--all"], /unknown option '--all'/],
  [["verify", "--stream", "a", "--hops", "1.5"], /Expected a whole number in 1\.\.999999\./],
  [["verify", "--stream", "../.."], /Expected 1 to 128 characters/],
  [
    ["verify", "--stream", "a", "--stack", "nope"],
    /state of stack nope: the Pulumi CLI is not on PATH\. Install it\.$/,
  ],
  [["size", "--bytes", "1"], /required option '--events-per-second <n>' not specified/],
  [["size", "--events-per-second", "1e400", "--bytes", "1"], /Expected a number above 0/],
  [["local", "--port", "99999"], /Expected a whole number in 0\.\.65535/],
  [["local", "--config", "x"], /Expected KEY=VALUE/],
];

describe("wrong use of the command line", () => {
  for (const [args, message] of WRONG)
    it(`is one sentence and exit code 1: ${args.map((arg) => arg || '""').join(" ")}`, async () => {
      const { exitCode, stderr } = await commandLine(...args);
      assert.match(stderr, message);
      assert.deepEqual([exitCode, stderr.split("\n").length], [1, 1], stderr);
    });

  it("is JSON with --json, and not where --json belongs to another command", async () => {
    for (const args of [
      ["list", "a", "--json"],
      ["verify", "--stream", "../..", "--json"],
      ["list", "--stack", "nope", "--json"],
    ]) {
      const { exitCode, stderr } = await commandLine(...args);
      const { code, message } = JSON.parse(stderr);
      assert.equal(exitCode, 1);
      assert.ok(/^[A-Z_]+$/.test(code) && message.length > 10, stderr);
    }
    const { stderr } = await commandLine("local", "--port", "x", "--", "tool", "--json");
    assert.match(stderr, /^error: option '--port <n>'/);
  });
});
