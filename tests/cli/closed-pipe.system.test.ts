import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { operatorEnvironment } from "stream-ingestion-local";
import { FROM_SOURCE } from "../../scripts/from-source";
import { lines, startUpstream, type Upstream } from "../fakes/upstream";
import { deployLocally, type LocalDeployment } from "../security/local-deployment";

const ROOT = join(__dirname, "../..");
const COMMAND = [process.execPath, ...FROM_SOURCE, join(ROOT, "cli/main.ts")].map((word) => `'${word}'`).join(" ");
/** More than fits into a pipe, so that a command that ignores its closed pipe writes into it. */
const EVENTS = 400;

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe("a command whose output goes to a reader that leaves", () => {
  let upstream: Upstream;
  let deployment: LocalDeployment;
  let options: Readonly<Record<"api" | "bucket" | "table" | "function", string>>;
  before(async () => {
    const failing = Array.from({ length: EVENTS }, (_, n) => `{"n":${n},"fill":"${"x".repeat(200)}"}\n`).join("");
    upstream = await startUpstream(lines(failing, "stay"));
    // `tail` needs new events.
    upstream.on("GBP_USD", (response) => {
      let n = 0;
      const timer = setInterval(() => response.write(`{"gbp":${n++}}\n`), 20);
      response.on("close", () => clearInterval(timer));
    });
    deployment = await deployLocally({
      program: `export const { apiUrl, bucketName, tableName, processorArn } = new StreamIngestion("prices", {
  source: { url: config.requireSecret("url"), path: "/v1/{streamId}", format: "lines" },
  processor: { entry: __dirname + "/processor.ts", batchSize: 100 },
  streams: ["EUR_USD"],
  removal: "delete",
});`,
      processor: `import { eachEvent } from "${ROOT}/runtime/processor/index";
export const handler = eachEvent(() => { throw new Error("no"); }, { retries: 0 });`,
      secrets: { url: upstream.url },
    });
    const { apiUrl, bucketName, tableName, processorArn } = deployment.stack.outputs as Record<string, string>;
    options = {
      api: `--json --api-url ${apiUrl}`,
      bucket: `--json --bucket ${bucketName}`,
      table: `--json --table ${tableName}`,
      function: `--function ${processorArn}`,
    };
    await deployment.until("failures of all events", () => {
      const stored = deployment.events.filter(
        ({ kind, line }: { kind: string; line?: string }) =>
          kind === "log" && /was stored in the failure bucket/.test(line ?? ""),
      );
      return stored.length >= EVENTS;
    });
  });
  after(async () => {
    await deployment?.close();
    await upstream?.close();
  });

  function inShell(script: string): Promise<Result> {
    const env = { ...process.env, NODE_OPTIONS: "", ...operatorEnvironment(deployment.stack.cloud) };
    return new Promise((resolve) =>
      execFile("bash", ["-o", "pipefail", "-c", script], { cwd: ROOT, env }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
      ),
    );
  }

  const COMMANDS: readonly (readonly [name: string, command: () => string, code?: number])[] = [
    ["list", () => `list ${options.api}`],
    ["status", () => `status EUR_USD ${options.api}`],
    ["start", () => `start GBP_USD ${options.api}`],
    ["tail", () => `tail ${options.table}`],
    ["stop", () => `stop GBP_USD ${options.api}`],
    ["failures list", () => `failures list ${options.bucket}`],
    ["failures discard", () => `failures discard ${options.bucket} --stream GBP_USD`],
    // The running batches end, and their events have failed again.
    ["failures redrive", () => `failures redrive ${options.bucket} ${options.function}`, 1],
  ];
  for (const [name, command, code = 0] of COMMANDS)
    it(`ends \`${name} --json\` quietly`, async () => {
      const results = ["head -1", "true"].map((reader) => inShell(`${COMMAND} ${command()} | ${reader}`));
      const [head, none] = (await Promise.all(results)) as [Result, Result];
      assert.deepEqual({ code: head.code, stderr: head.stderr }, { code, stderr: "" }, "| head -1");
      assert.deepEqual(none, { code, stdout: "", stderr: "" }, "| true");
      assert.ok(JSON.parse(head.stdout));
    });
});
