import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { operatorEnvironment } from "stream-ingestion-local";
import { FROM_SOURCE } from "../../../scripts/from-source";
import { deployLocally } from "../../security/local-deployment";
import { KEY, type LossyUpstream, startLossyUpstream } from "./lossy-upstream";

const ROOT = resolve(__dirname, "../../..");

export interface VerifyRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Lines of the checks. */
  readonly lines: readonly string[];
  readonly failing: readonly string[];
}

export interface VerifiedDeployment {
  readonly upstream: LossyUpstream;
  verify(streamId: string, key?: string, options?: readonly string[]): Promise<VerifyRun>;
  /** Sends SIGINT when the command prints `step`, and once more when it stops the stream. */
  interrupt(streamId: string, step: string): Promise<VerifyRun>;
  /** What the API should do with the stream. */
  desired(streamId: string): Promise<string | undefined>;
  close(): Promise<void>;
}

/** A deployment on the local stack, and the command `verify` as a user runs it. */
export async function startVerifiedDeployment(hopSeconds: number): Promise<VerifiedDeployment> {
  const upstream = await startLossyUpstream();
  const deployment = await deployLocally({
    program: `new StreamIngestion("prices", {
  source: {
    url: "${upstream.url}", path: "/v1/{streamId}", key: config.requireSecret("key"),
    on: [{ pointer: "/type", equals: "HEARTBEAT", action: "ignore" }],
  },
  processor: { entry: __dirname + "/processor.ts" },
});`,
    secrets: { key: KEY },
    hopSeconds,
  });
  fakePulumiCli(deployment.dataDir);

  /**
   * Runs the command as a user does, with a fake `pulumi` that exports the local stack's state. The environment has no region: the
   * state names it.
   */
  async function verify(
    streamId: string,
    key = KEY,
    options: readonly string[] = [],
    onOutput: (stderr: string, child: ChildProcess) => void = () => {},
  ): Promise<VerifyRun> {
    const { endpoint, region, operator } = deployment.stack.cloud;
    const flags = ["--stream", streamId, "--events", "20", "--timeout", "240", ...options];
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
        onOutput(output.stderr, child);
      });
    const [code] = (await once(child, "close")) as [number | null];
    const lines = output.stdout.split("\n").filter((line) => /^[✔✘–] /.test(line));
    return { code, ...output, lines, failing: lines.filter((line) => line.startsWith("✘ ")) };
  }

  return {
    upstream,
    verify,
    async interrupt(streamId, step) {
      let signals = 0;
      return verify(streamId, KEY, [], (stderr, child) => {
        if (stderr.includes(step) && signals === 0) signals += Number(child.kill("SIGINT"));
        else if (/Stopping the stream/.test(stderr) && signals === 1) signals += Number(child.kill("SIGINT"));
      });
    },
    async desired(streamId) {
      const streams = await deployment.stack.instances[0]!.api.list();
      return streams.find((stream) => stream.streamId === streamId)?.desired;
    },
    close: async () => {
      await deployment.close();
      await upstream.close();
    },
  };
}

/** A `pulumi` whose `stack export` prints the state of the local stack. */
function fakePulumiCli(dataDir: string): void {
  const resources = JSON.parse(readFileSync(join(dataDir, "stack.json"), "utf8"));
  writeFileSync(join(dataDir, "export.json"), JSON.stringify({ version: 3, deployment: { resources } }));
  mkdirSync(join(dataDir, "bin"));
  const script = join(dataDir, "bin", "pulumi");
  writeFileSync(script, `#!/bin/sh\ncat "${join(dataDir, "export.json")}"\n`);
  chmodSync(script, 0o755);
}
