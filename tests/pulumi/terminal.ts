import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { ROOT } from "../package/packages";

/** The folders of the Pulumi CLI and its language hosts, built once if they are not on PATH. */
export function pulumiPath(...languages: readonly string[]): string {
  const script = join(ROOT, "scripts/pulumi-engine.mjs");
  const stdio: ["ignore", "pipe", "inherit"] = ["ignore", "pipe", "inherit"];
  return execFileSync(process.execPath, [script, ...languages], { encoding: "utf8", stdio }).trim();
}

export interface Terminal {
  /** The project's folder. */
  readonly cwd: string;
  /** Arguments for Node that run the project's command line. */
  readonly commandLine: readonly string[];
  /** An empty folder for Pulumi's state, plugins and settings. */
  readonly home: string;
  readonly path: string;
}

/** What the script printed after each of its commands, and its exit code. */
export interface Transcript {
  readonly code: number | null;
  readonly text: string;
  /** The output of a command, and of those after it with the same text. */
  outputOf(command: string): string;
}

/** A failed command ends `local`, as Ctrl-C does: the resources would run on. */
const PREAMBLE = ["set -eEuo pipefail", "trap 'kill -INT $PPID' ERR"];

/** Runs commands one after another in a shell whose AWS account is this machine, until the first that fails. */
export async function runCommands(
  { cwd, commandLine, home, path }: Terminal,
  commands: readonly string[],
): Promise<Transcript> {
  mkdirSync(home, { recursive: true });
  const script = [...PREAMBLE, ...commands.flatMap((command) => [`echo ${quoted(`$ ${command}`)}`, command])];
  const local = ["local", "--stack", "dev", "--hop-seconds", "60", "--", "bash", "-c", script.join("\n")];
  const child = spawn(process.execPath, [...commandLine, ...local], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      // A bare `pulumi` takes `node` from PATH.
      PATH: [path, dirname(process.execPath), process.env.PATH].join(delimiter),
      PULUMI_HOME: join(home, ".pulumi"),
      PULUMI_BACKEND_URL: `file://${home}`,
      PULUMI_CONFIG_PASSPHRASE: "passphrase",
      PULUMI_SKIP_UPDATE_CHECK: "1",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    },
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (data) => {
      text += data;
      if (process.env.TRANSCRIPT) process.stderr.write(data);
    });
  const [code] = (await once(child, "close")) as [number | null];
  const outputOf = (command: string) => {
    const [, ...outputs] = text.split(`$ ${command}\n`);
    return outputs.map((output) => output.split(/^\$ /m)[0]).join("");
  };
  return { code, text, outputOf };
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
