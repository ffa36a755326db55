import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { FROM_SOURCE } from "../scripts/from-source";
import type { Certificate } from "../tests/data/certificate";
import { TLS_VARIABLE } from "./listen";

export interface BenchProcess {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a script in this folder, which sends its URL. With a certificate, it uses TLS. */
export async function startProcess(
  script: string,
  args: readonly string[] = [],
  certificate?: Certificate,
): Promise<BenchProcess> {
  const child: ChildProcess = fork(join(__dirname, script), args, {
    execArgv: FROM_SOURCE,
    env: { ...process.env, ...(certificate && { [TLS_VARIABLE]: JSON.stringify(certificate) }) },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const [url] = (await once(child, "message")) as [string];
  return {
    url,
    stop: async () => {
      const gone = once(child, "exit");
      child.kill();
      await gone;
    },
  };
}

export interface Cost {
  readonly seconds: number;
  /** CPU time of this process. */
  readonly cpuMicroseconds: number;
}

export async function measure(work: () => Promise<void> | void): Promise<Cost> {
  const cpu = process.cpuUsage();
  const start = process.hrtime.bigint();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: Number(process.hrtime.bigint() - start) / 1e9, cpuMicroseconds: user + system };
}
