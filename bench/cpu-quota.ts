import { existsSync, mkdtempSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Processes that share a part of one CPU core. */
export interface CpuQuota {
  add(pid: number): void;
  /** All its processes have ended. */
  remove(): void;
}

const CGROUPS = "/sys/fs/cgroup";
/** The kernel pauses a process that has used its share of a period until the next one. */
const PERIOD_US = 20_000;

/** A cgroup with the kernel's CPU quota. Needs Linux and root. */
export function cpuQuota(share: number): CpuQuota {
  const unified = existsSync(join(CGROUPS, "cgroup.controllers"));
  const parent = unified ? CGROUPS : join(CGROUPS, "cpu");
  const folder = newFolder(parent);
  const set = (file: string, value: string | number) => writeFileSync(join(folder, file), String(value));
  const quotaUs = Math.round(share * PERIOD_US);
  if (unified) set("cpu.max", `${quotaUs} ${PERIOD_US}`);
  else {
    set("cpu.cfs_period_us", PERIOD_US);
    set("cpu.cfs_quota_us", quotaUs);
  }
  return { add: (pid) => set("cgroup.procs", pid), remove: () => rmdirSync(folder) };
}

function newFolder(parent: string): string {
  try {
    return mkdtempSync(join(parent, "stream-ingestion-bench-"));
  } catch (cause) {
    throw new Error(`Could not create a cgroup in ${parent}. The benchmark needs Linux, and runs as root.`, { cause });
  }
}
