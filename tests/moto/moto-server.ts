import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Statement } from "../../components/permissions";
import type { Credentials } from "../../runtime/aws/sigv4";
import { pythonEnvironment } from "../../scripts/python-environment.mjs";

export interface MotoServer {
  readonly endpoint: string;
  readonly region: string;
  /** May do everything. */
  readonly operator: Credentials;
  /** Creates a role with these statements, and assumes it. */
  role(name: string, statements: readonly Statement[]): Promise<Required<Credentials>>;
  close(): Promise<void>;
}

/** Starts moto, which implements AWS independently and, with authentication on, recomputes every signature. */
export async function startMoto(): Promise<MotoServer> {
  const stdio: ["pipe", "pipe", "pipe"] = ["pipe", "pipe", "pipe"];
  const child = spawn(join(pythonEnvironment(), "python"), [join(__dirname, "server.py")], { stdio });
  let errors = "";
  child.stderr.on("data", (data) => {
    errors = (errors + data).slice(-4000);
  });
  const ended = once(child, "exit");
  const lines = createInterface({ input: child.stdout });
  const waiting: ((line: string) => void)[] = [];
  lines.on("line", (line) => waiting.shift()?.(line));
  const next = async <T>(): Promise<T> => {
    const line = new Promise<string>((resolve) => waiting.push(resolve));
    const exit = ended.then(([code]) => Promise.reject(new Error(`moto ended with ${code}: ${errors}`)));
    return JSON.parse(await Promise.race([line, exit]));
  };
  return {
    ...(await next<Pick<MotoServer, "endpoint" | "region" | "operator">>()),
    role(name, statements) {
      const credentials = next<Required<Credentials>>();
      child.stdin.write(`${JSON.stringify({ name, statements })}\n`);
      return credentials;
    },
    close: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
