import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { Command as Program } from "commander";
import { type Failure, failureObjectKey, LAMBDA_FAILURE_PREFIX, redriveBatch } from "pulumi-stream-ingestion/internal";
import { operatorEnvironment } from "stream-ingestion-local";
import { commands } from "../../cli/commands";
import { addFailures } from "../../cli/failures";
import { type S3FailureStore, s3FailureStore } from "../../cli/failures/failure-store";
import { addHandover } from "../../cli/handover";
import { addList } from "../../cli/list";
import { addReplay } from "../../cli/replay";
import { sessionResources } from "../../cli/session/session-resources";
import { addStart } from "../../cli/start";
import { addStatus } from "../../cli/status";
import { addStop } from "../../cli/stop";
import { addTail } from "../../cli/tail";
import type { Terminal } from "../../cli/terminal";
import { type PolicyDocument, parsePolicy, type Statement } from "../../local/cloud/access/policy";
import { type CommandResult, run } from "../cli/cli-fixture";
import { startUpstream, ticking, type Upstream } from "../fakes/upstream";
import { deployLocally, type LocalDeployment } from "./local-deployment";

const DOC = readFileSync(resolve(__dirname, "../../docs/operating.md"), "utf8");
const PERMISSIONS = DOC.split("## Permissions\n")[1]!.split("\n## ")[0]!;
const LAMBDA_OBJECT = `${LAMBDA_FAILURE_PREFIX}two-streams.json`;

/** How {@link run} runs a command. */
type Command = [add: (program: Program, terminal: Terminal) => void, ...args: string[]];

const quoted = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, word = ""]) => word);

/** What the table of permissions gives for a command. */
interface Documented {
  readonly statements: readonly Statement[];
  /** The actions of its row, without those of another command that the row names. */
  readonly actions: readonly string[];
}

/** By command. `console` and `verify` have their own pages. */
function documented(arns: Readonly<Record<string, string>>): Map<string, Documented> {
  const commands = new Map<string, Documented>();
  for (const [, names = "", permissions = "", places = ""] of PERMISSIONS.matchAll(
    /^\| (`.*?) \| (.*?) \| (.*?) ?\|$/gm,
  )) {
    if (permissions.startsWith("See ")) continue;
    const [, inherited, its = permissions] = /^As `(.*?)`, and (.*)$/.exec(permissions) ?? [];
    const resources = places.split("; ").map((place) => arns[place.toLowerCase()] ?? assert.fail(place));
    const own = its
      .split("; ")
      .map((group, index): Statement => ({ Effect: "Allow", Action: quoted(group), Resource: resources[index]! }));
    const statements = [...(commands.get(inherited ?? "")?.statements ?? []), ...own];
    for (const name of quoted(names)) commands.set(name, { statements, actions: quoted(its) });
  }
  return commands;
}

const failure = (streamId: string): Failure => ({
  v: 1,
  streamId,
  key: "k",
  event: { type: "message", data: "{}", receivedAt: 1_000, sequence: "1.1.1" },
  error: { code: "Error", message: "no" },
  attempts: 3,
  at: 5_000,
});

describe("the permissions in docs/operating.md", () => {
  const environmentBefore = { ...process.env };
  let upstream: Upstream;
  let deployment: LocalDeployment;
  let folder: string;
  let bucket: S3FailureStore;
  let arns: Readonly<Record<string, string>>;

  before(async () => {
    upstream = await startUpstream(ticking("tick"));
    deployment = await deployLocally({
      program: `export const { apiUrl, tableName, bucketName, processorArn } = new StreamIngestion("prices", {
        source: { url: config.requireSecret("url"), path: "/{streamId}" },
        processor: { entry: "./processor.ts" },
      });`,
      secrets: { url: upstream.url },
    });
    const { cloud, resources, outputs } = deployment.stack;
    const { tableName, bucketName, processorArn } = outputs as Record<string, string>;
    const shown = sessionResources(resources);
    const { connectionTableName } = shown.find(({ outputs }) => outputs?.connectionTableName)!.outputs as Record<
      string,
      string
    >;
    const table = (name: string) => `arn:aws:dynamodb:${cloud.region}:${cloud.accountId}:table/${name}`;
    const objects = `arn:aws:s3:::${bucketName}/*`;
    arns = {
      "`*`": "*",
      "the api": `arn:aws:execute-api:${cloud.region}:${cloud.accountId}:*`,
      "the event table": table(tableName!),
      "the event table's change stream": `${table(tableName!)}/stream/*`,
      "the connection table": table(connectionTableName!),
      "the processor": processorArn!,
      "the bucket": `arn:aws:s3:::${bucketName}`,
      "its objects": objects,
      "the objects": objects,
    };
    // A fake of the Pulumi CLI, which prints the stack's outputs or its state.
    folder = mkdtempSync(join(tmpdir(), "stream-ingestion-bin-"));
    writeFileSync(join(folder, "state.json"), JSON.stringify({ deployment: { resources: shown } }));
    writeFileSync(join(folder, "outputs.json"), JSON.stringify(outputs));
    writeFileSync(
      join(folder, "pulumi"),
      `#!/bin/sh\ncase "$*" in *export*) cat "${folder}/state.json" ;; *) cat "${folder}/outputs.json" ;; esac\n`,
    );
    chmodSync(join(folder, "pulumi"), 0o755);
    bucket = await s3FailureStore(bucketName!, cloud.region, { endpoint: cloud.endpoint, credentials: cloud.operator });
  });
  after(async () => {
    process.env = environmentBefore;
    bucket?.close();
    await deployment?.close();
    await upstream?.close();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  /** Runs a command with the credentials of a user who has only this policy. */
  async function as(user: string, policy: PolicyDocument, ...[add, ...args]: Command): Promise<CommandResult> {
    const { cloud } = deployment.stack;
    const arn = `arn:aws:iam::${cloud.accountId}:user/${user}`;
    const operator = cloud.principals.issue({ name: user, arn, policies: () => [policy] });
    const environment = {
      ...operatorEnvironment({ endpoint: cloud.endpoint, region: cloud.region, operator }),
      PATH: `${folder}${delimiter}${environmentBefore.PATH}`,
    };
    for (const [name, value] of Object.entries(environment)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    return run(add, ...args, "--stack", "dev", "--program", folder);
  }

  const callsOf = (user: string) =>
    deployment.events.flatMap((event) => (event.kind === "call" && event.caller === user ? [event] : []));

  /** Runs a command that must succeed, as a user of that name, without a denied call. */
  async function allowed(user: string, policy: PolicyDocument, ...command: Command): Promise<void> {
    const { exitCode, err } = await as(user, policy, ...command);
    const denied = callsOf(user).filter((event) => !event.allowed);
    // `status` exits 2 while the stream starts.
    assert.ok(exitCode === 0 || (user === "status" && exitCode === 2), `${user} exited ${exitCode}: ${err.join()}`);
    assert.deepEqual(denied, [], user);
  }

  async function storeFailures(): Promise<string> {
    const [one, other] = [failure("EUR_USD"), failure("GBP_USD")];
    const { Records } = redriveBatch(one, other);
    const requestContext = { condition: "RetryAttemptsExhausted", approximateInvokeCount: 6 };
    const lambdaFailure = { requestContext, timestamp: "2026-11-24T18:00:00Z", payload: { Records } };
    await bucket.put(failureObjectKey(one), Buffer.from(JSON.stringify(one)));
    await bucket.put(LAMBDA_OBJECT, Buffer.from(JSON.stringify(lambdaFailure)));
    return failureObjectKey(one);
  }

  it("are what each command needs, and no permission is unused", async () => {
    const rows = documented(arns);
    const allow = (name: string, ...command: Command) =>
      allowed(name, { Statement: rows.get(name)?.statements ?? assert.fail(name) }, ...command);
    const object = await storeFailures();
    await allow("start", addStart, "start", "GBP_USD");
    await allow("tail", addTail, "tail", "GBP_USD", "--count", "1");
    await allow("list", addList, "list");
    await allow("status", addStatus, "status", "GBP_USD");
    await allow("tail --from", addTail, "tail", "GBP_USD", "--from", "1h", "--count", "1");
    await allow("replay", addReplay, "replay", "--stream", "GBP_USD", "--from", "1h", "--yes");
    await allow("handover", addHandover, "handover", "GBP_USD");
    await allow("stop", addStop, "stop", "GBP_USD");
    await allow("failures list", addFailures, "failures", "list");
    await allow("failures show", addFailures, "failures", "show", object);
    // What remains of the object that Lambda wrote is stored again.
    await allow("failures discard", addFailures, "failures", "discard", "--stream", "GBP_USD");
    await storeFailures();
    await allow("failures redrive", addFailures, "failures", "redrive", "--stream", "GBP_USD");
    const unused = [...rows].flatMap(([name, { actions }]) => {
      const used = callsOf(name).map(({ action }) => action);
      return actions.filter((action) => !used.includes(action)).map((action) => `${name}: ${action}`);
    });
    // Not called: with it, S3 answers 404 instead of 403 for an object that does not exist.
    assert.deepEqual(unused, ["failures show: s3:ListBucket"]);
  });

  it("are listed for every command that calls AWS", () => {
    const program = new Program();
    for (const add of commands) add(program);
    const names = program.commands.map((command) => command.name()).filter((name) => !["local", "size"].includes(name));
    const rows = [...PERMISSIONS.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell = ""]) => quoted(cell));
    assert.deepEqual([...new Set(rows.map((row) => row.split(" ")[0]))].sort(), names.sort());
  });

  it("are in the policy that only reads, which allows no change of the failures", async () => {
    const { region, accountId } = deployment.stack.cloud;
    const { apiUrl, tableName, bucketName } = deployment.stack.outputs as Record<string, string>;
    const [, json = ""] = /```json\n(.*?)```/s.exec(PERMISSIONS)!;
    const names: Readonly<Record<string, string>> = {
      "eu-central-1": region,
      "111122223333": accountId,
      abcdef1234: /([^/]+)\/[^/]+\/?$/.exec(apiUrl!)![1]!,
      "prices-events-1a2b3c4": tableName!,
      "prices-bucket-1a2b3c4": bucketName!,
    };
    const policy = parsePolicy(Object.entries(names).reduce((text, [name, its]) => text.replaceAll(name, its), json));
    const object = await storeFailures();
    await allowed("reader", policy, addStart, "start", "EUR_USD");
    await allowed("reader", policy, addTail, "tail", "--count", "1");
    await allowed("reader", policy, addList, "list");
    await allowed("reader", policy, addStop, "stop", "EUR_USD");
    await allowed("reader", policy, addFailures, "failures", "list");
    await allowed("reader", policy, addFailures, "failures", "show", object);
    for (const change of ["discard", "redrive"]) {
      const { exitCode, err } = await as(change, policy, addFailures, "failures", change, object);
      assert.deepEqual([exitCode, callsOf(change).some(({ allowed }) => !allowed)], [1, true], err.join());
    }
    assert.ok((await bucket.get(object)) !== undefined);
  });

  it("are named by `failures list`, which fails, when the objects cannot be read", async () => {
    const object = await storeFailures();
    const statement: Statement = { Effect: "Allow", Action: "s3:ListBucket", Resource: arns["the bucket"]! };
    const { exitCode, out, err } = await as("lister", { Statement: statement }, addFailures, "failures", "list");
    assert.deepEqual([exitCode, out], [1, []]);
    assert.ok(
      err.some((line) => line.startsWith(`${object}: `) && line.includes("s3:GetObject")),
      err.join(),
    );
  });
});
