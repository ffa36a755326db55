import { type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `stream-ingestion local -- COMMAND` on this Node, and sends SIGINT when resources are running. */
export async function untilLive(args: readonly string[], options: SpawnOptions): Promise<Ended> {
  const child = spawn(process.execPath, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  const output = { stdout: "", stderr: "" };
  child.stdout?.on("data", (data) => {
    output.stdout += data;
  });
  child.stderr?.on("data", (data) => {
    output.stderr += data;
    if (/until Ctrl-C/.test(output.stderr)) child.kill("SIGINT");
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...output };
}
