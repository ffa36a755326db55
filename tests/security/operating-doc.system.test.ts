import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { operatorEnvironment } from "stream-ingestion-local";
import { decide, parsePolicy } from "../../local/cloud/access/policy";
import { FROM_SOURCE } from "../../scripts/from-source";
import { startUpstream, ticking, type Upstream } from "../fakes/upstream";
import { deployLocally, type LocalDeployment } from "./local-deployment";

const ROOT = resolve(__dirname, "../..");
const RIGHTS = readFileSync(join(ROOT, "docs/operating.md"), "utf8");
const COMMANDS = RIGHTS.split("## Commands")[1]!;
const run = promisify(execFile);

const blocks = (text: string, language: string) =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map(([, block = ""]) => block);

describe("the commands in docs/operating.md", () => {
  let upstream: Upstream;
  let deployment: LocalDeployment;
  let bin: string;

  before(async () => {
    upstream = await startUpstream();
    upstream.on("EUR_USD", ticking("tick"));
    deployment = await deployLocally({
      program: `const ingestion = new StreamIngestion("prices", {
        source: { url: config.requireSecret("url"), path: "/{streamId}" },
        processor: { entry: "./processor.ts" },
      });
      export const { apiUrl, tableName, bucketName, processorArn } = ingestion;`,
      secrets: { url: upstream.url },
      hopSeconds: 60,
    });
    // Fakes of two programs: Pulumi, which prints the stack's outputs, and npx, which runs the CLI.
    bin = mkdtempSync(join(tmpdir(), "stream-ingestion-bin-"));
    const { apiUrl } = deployment.stack.outputs;
    const outputs = JSON.stringify(deployment.stack.outputs);
    const script = (name: string, text: string) =>
      writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    script("pulumi", `case "$*" in *--json*) echo '${outputs}' ;; *) echo '${String(apiUrl)}' ;; esac`);
    const command = [process.execPath, ...FROM_SOURCE, `${ROOT}/cli/main.ts`].map((word) => `'${word}'`).join(" ");
    script("npx", `shift; exec ${command} "$@"`);
  });

  after(async () => {
    await deployment?.close();
    await upstream?.close();
    if (bin) rmSync(bin, { recursive: true, force: true });
  });

  async function shell(script: string): Promise<string[]> {
    const { endpoint, region, operator } = deployment.stack.cloud;
    const { stdout } = await run("bash", ["-euc", script], {
      env: {
        PATH: `${bin}:${process.env.PATH}`,
        HOME: bin,
        ...operatorEnvironment({ endpoint, region, operator }),
      },
    });
    return stdout.trim().split("\n");
  }

  it("starts, shows, tails and stops a stream with the CLI", async () => {
    const lines = await shell(blocks(COMMANDS, "sh")[0]!);
    assert.equal(lines[0], "EUR_USD: started");
    assert.match(lines[1]!, /^STREAM +STATE/);
    const tailed = lines.filter((line) => line.includes('"data"')).map((line) => JSON.parse(line));
    assert.equal(tailed.length, 3);
    assert.ok(
      tailed.every(({ streamId, data }) => streamId === "EUR_USD" && JSON.parse(data).event.startsWith("tick-")),
    );
    assert.ok(lines.some((line) => /^EUR_USD: stop/.test(line)));
    assert.partialDeepStrictEqual(JSON.parse(lines.at(-1)!), { streamId: "EUR_USD", desired: "closed" });
  });

  it("does the same with curl", async () => {
    const lines = await shell(blocks(COMMANDS, "sh")[1]!.replace(/^signed .*$/gm, "$&; echo"));
    const [started, shown, listed, stopped] = lines.map((line) => JSON.parse(line));
    assert.partialDeepStrictEqual(started, { streamId: "EUR_USD", desired: "open" });
    assert.partialDeepStrictEqual(shown, { streamId: "EUR_USD", desired: "open" });
    assert.equal(listed.connections.length, 1);
    assert.partialDeepStrictEqual(stopped, { streamId: "EUR_USD", desired: "closed" });
  });

  it("grants an operator only the permissions of the policy", () => {
    const policy = parsePolicy(blocks(RIGHTS, "json")[0]!);
    const may = (path: string) =>
      decide([policy], {
        action: "execute-api:Invoke",
        resource: `arn:aws:execute-api:eu-central-1:111122223333:abcdef1234/v1/${path}`,
      }) === "allow";
    assert.ok(may("GET/connections") && may("GET/connections/other") && may("POST/connections/EUR_USD"));
    assert.ok(!may("POST/connections/other") && !may("DELETE/connections/other"));
    const bucket = "arn:aws:s3:::prices-bucket-1a2b3c4";
    const inBucket = (action: string, resource: string) => decide([policy], { action, resource }) === "allow";
    assert.ok(inBucket("s3:ListBucket", bucket) && inBucket("s3:GetObject", `${bucket}/failures/object.json`));
    assert.ok(!inBucket("s3:PutObject", `${bucket}/x`) && !inBucket("s3:DeleteObject", `${bucket}/x`));
  });
});
