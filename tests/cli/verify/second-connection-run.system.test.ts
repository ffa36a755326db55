import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { operatorEnvironment } from "stream-ingestion-local";
import { FROM_SOURCE } from "../../../scripts/from-source";
import { deployLocally, type LocalDeployment } from "../../security/local-deployment";
import { KEY, type LossyUpstream, startLossyUpstream } from "./lossy-upstream";

const ROOT = resolve(__dirname, "../../..");
const CHECK = /everything a second connection received is stored/;

describe("verify with a second connection, against the local stack", () => {
  let upstream: LossyUpstream;
  let deployment: LocalDeployment;

  before(async () => {
    upstream = await startLossyUpstream();
    deployment = await deployLocally({
      program: `new StreamIngestion("prices", {
  source: {
    url: "${upstream.url}", path: "/v1/{streamId}", key: config.requireSecret("key"),
    on: [{ pointer: "/type", equals: "HEARTBEAT", action: "ignore" }],
  },
  processor: { entry: __dirname + "/processor.ts" },
});`,
      secrets: { key: KEY },
      hopSeconds: 12,
    });
    fakePulumiCli(deployment.dataDir);
  });
  after(async () => {
    await deployment?.close();
    await upstream?.close();
  });

  /**
   * Runs the command as a user does, with a fake `pulumi` that exports the local stack's state. The environment has no region: the
   * state names it.
   */
  async function verify(streamId: string, key = KEY) {
    const { endpoint, region, operator } = deployment.stack.cloud;
    const flags = ["--stream", streamId, "--events", "20", "--timeout", "60"];
    const {
      AWS_REGION: _,
      AWS_DEFAULT_REGION: __,
      ...credentials
    } = operatorEnvironment({ endpoint, region, operator });
    const child = spawn(process.execPath, [...FROM_SOURCE, join(ROOT, "cli/main.ts"), "verify", ...flags], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        PATH: `${join(deployment.dataDir, "bin")}${delimiter}${process.env.PATH}`,
        ...credentials,
        STREAM_INGESTION_VERIFY_UPSTREAM: `${upstream.url}/v1/{streamId}?observer=of-the-check`,
        STREAM_INGESTION_VERIFY_KEY: key,
      },
    });
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const)
      child[name].on("data", (data) => {
        output[name] += data;
      });
    const [code] = (await once(child, "close")) as [number | null];
    const lines = output.stdout.trim().split("\n").slice(1, -1);
    return { code, ...output, lines, failing: lines.filter((line) => line.startsWith("✘ ")) };
  }

  it("passes when nothing is lost, and ignores heartbeats", async () => {
    const { code, failing, lines, stderr } = await verify("EUR_USD");
    assert.deepEqual(failing, [], stderr);
    const [, received] = /(\d+) received, 0 missing/.exec(lines.find((line) => CHECK.test(line)) ?? "") ?? [];
    assert.ok(Number(received) > 40, `${received} received`);
    assert.equal(code, 0, stderr);
  });

  it("finds the one event that the relay did not receive and no counter shows", async () => {
    upstream.withholding = true;
    try {
      const { code, failing, stderr } = await verify("GBP_USD");
      assert.equal(failing.length, 1, stderr);
      assert.match(failing[0] ?? "", CHECK);
      assert.match(
        failing[0] ?? "",
        new RegExp(`✘ .* 1 of \\d+ missing.*, the first: \\S{22} {"seq":${upstream.withheld}}$`),
      );
      assert.match(stderr, /1 of 10 checks failed\./);
      assert.equal(code, 1);
    } finally {
      upstream.withholding = false;
    }
  });

  it("fails with advice when the upstream refuses the connection, and shows no part of the URL", async () => {
    const { code, failing, stdout, stderr } = await verify("USD_JPY", "another-key");
    assert.equal(failing.length, 1, stderr);
    assert.match(
      failing[0] ?? "",
      /✘ .* it could not connect: the upstream answered 401\. Check that STREAM_INGESTION_VERIFY_KEY is set/,
    );
    assert.doesNotMatch(stdout + stderr, /of-the-check|another-key|\/v1\//);
    assert.equal(code, 1);
  });
});

/** A `pulumi` whose `stack export` prints the state of the local stack. */
function fakePulumiCli(dataDir: string): void {
  const resources = JSON.parse(readFileSync(join(dataDir, "stack.json"), "utf8"));
  writeFileSync(join(dataDir, "export.json"), JSON.stringify({ version: 3, deployment: { resources } }));
  mkdirSync(join(dataDir, "bin"));
  const script = join(dataDir, "bin", "pulumi");
  writeFileSync(script, `#!/bin/sh\ncat "${join(dataDir, "export.json")}"\n`);
  chmodSync(script, 0o755);
}
