import { readdirSync, readFileSync } from "node:fs";

/** CPU time of this process and its children so far, in seconds, by what they are. Linux; elsewhere empty. */
export type CpuByProcess = ReadonlyMap<string, number>;

const TICKS_PER_SECOND = 100;

export function cpuByProcess(): CpuByProcess {
  const times = new Map<string, number>();
  for (const pid of pids()) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      // The second field, the name in parentheses, can contain spaces.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const isOwn = Number(pid) === process.pid;
      if (!isOwn && Number(fields[1]) !== process.pid) continue;
      const name = isOwn ? "table, change stream, this benchmark" : nameOf(pid);
      times.set(name, (times.get(name) ?? 0) + (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND);
    } catch {
      // It has ended.
    }
  }
  return times;
}

const pids = () => {
  try {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
};

/** Name of the function, without its random suffix; otherwise the script. */
function nameOf(pid: string): string {
  const environment = readFileSync(`/proc/${pid}/environ`, "utf8");
  const functionName = /(?:^|\0)AWS_LAMBDA_FUNCTION_NAME=([^\0]*)/.exec(environment)?.[1];
  if (functionName !== undefined) return functionName.replace(/^bench-/, "").replace(/-[0-9a-f]+$/, "");
  const script = readFileSync(`/proc/${pid}/cmdline`, "utf8")
    .split("\0")
    .find((part) => part.endsWith(".ts"));
  return script === undefined ? "other" : script.slice(script.lastIndexOf("/") + 1, -".ts".length);
}

/** `relay 0.91, processor 0.40`: cores that each process used between two measurements. */
export function coresText(before: CpuByProcess, after: CpuByProcess, seconds: number): string {
  return [...after]
    .map(([name, total]) => [name, (total - (before.get(name) ?? 0)) / seconds] as const)
    .filter(([, cores]) => cores >= 0.01)
    .sort(([, a], [, b]) => b - a)
    .map(([name, cores]) => `${name} ${cores.toFixed(2)}`)
    .join(", ");
}
