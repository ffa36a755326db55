import { execFile } from "node:child_process";
import { CliError } from "./terminal";

/** What the operating commands need of a stack; the root program exports them, and so does a consumer's. */
export interface StackOutputs {
  readonly apiUrl?: string;
  readonly tableName?: string;
  readonly bucketName?: string;
  readonly processorArn?: string;
}

export interface StackChoice {
  /** Pulumi stack; absent = the selected one. */
  readonly stack?: string;
  /** Folder of the Pulumi program; absent = the current one. */
  readonly program?: string;
}

/** Runs a program and gives its stdout. Rejects with what execFile rejects with. */
export type Run = (file: string, args: readonly string[]) => Promise<string>;

const runFile: Run = (file, args) =>
  new Promise((resolve, reject) =>
    execFile(file, args, { maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) =>
      error ? reject(Object.assign(error, { stderr })) : resolve(stdout),
    ),
  );

/** The stack's outputs, asked of Pulumi's own CLI: it knows the backend, the login and the selected stack. */
export async function stackOutputs({ stack, program }: StackChoice, run: Run = runFile): Promise<StackOutputs> {
  const args = ["stack", "output", "--json", "--non-interactive"];
  if (stack !== undefined) args.push("--stack", stack);
  if (program !== undefined) args.push("--cwd", program);
  try {
    return JSON.parse(await run("pulumi", args)) as StackOutputs;
  } catch (error) {
    const { code, stderr, message } = error as NodeJS.ErrnoException & { stderr?: string };
    const told = (stderr?.trim() || message).replace(/^error: /, "").replace(/\.$/, "");
    const missing = code === "ENOENT";
    const remedy = missing
      ? "Install it"
      : /PULUMI_ACCESS_TOKEN|pulumi login/.test(told)
        ? "Run `pulumi login`"
        : "Name another with --stack";
    throw new CliError(
      `Could not read the outputs of ${stack ? `stack ${stack}` : "the selected stack"}: ${missing ? "the Pulumi CLI is not on PATH" : told}. ${remedy}, or give --api-url.`,
      "STACK_OUTPUTS",
      undefined,
      { cause: error },
    );
  }
}

/** One output as text. */
export function output(outputs: StackOutputs, name: keyof StackOutputs, flag: string): string {
  const value = outputs[name];
  if (typeof value === "string" && value !== "") return value;
  const there = Object.keys(outputs).join(", ") || "none";
  throw new CliError(
    `The stack has no output \`${name}\` (it has: ${there}). Export it from the program, or give ${flag}.`,
    "STACK_OUTPUTS",
  );
}
