import { execFile } from "node:child_process";
import { CliError } from "./terminal";

/** The stack outputs that the operating commands read. The program must export them. */
export interface StackOutputs {
  readonly apiUrl?: string;
  readonly tableName?: string;
  readonly bucketName?: string;
  readonly processorArn?: string;
}

export interface StackChoice {
  /** Pulumi stack. @default the selected stack */
  readonly stack?: string;
  /** Folder of the Pulumi program. @default the current folder */
  readonly program?: string;
  /** Prints no notes. */
  readonly json?: boolean;
}

/** Runs a program and resolves to its stdout. Rejects as execFile does. */
export type Run = (file: string, args: readonly string[]) => Promise<string>;

const runFile: Run = (file, args) =>
  new Promise((resolve, reject) =>
    execFile(file, args, { maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) =>
      error ? reject(Object.assign(error, { stderr })) : resolve(stdout),
    ),
  );

/** Reads the stack's outputs with the Pulumi CLI, which knows the backend, the login and the selected stack. */
export async function stackOutputs({ stack, program }: StackChoice, run: Run = runFile): Promise<StackOutputs> {
  const args = ["stack", "output", "--json", "--non-interactive"];
  if (stack !== undefined) args.push("--stack", stack);
  if (program !== undefined) args.push("--cwd", program);
  try {
    return JSON.parse(await run("pulumi", args)) as StackOutputs;
  } catch (error) {
    const { code, stderr, message } = error as NodeJS.ErrnoException & { stderr?: string };
    const reason = (stderr?.trim() || message).replace(/^error: /, "").replace(/\.$/, "");
    const missing = code === "ENOENT";
    const remedy = missing
      ? "Install it"
      : /PULUMI_ACCESS_TOKEN|pulumi login/.test(reason)
        ? "Run `pulumi login`"
        : "Pass another stack with --stack";
    throw new CliError(
      `Could not read the outputs of ${stack ? `stack ${stack}` : "the selected stack"}: ${missing ? "the Pulumi CLI is not on PATH" : reason}. ${remedy}, or pass --api-url.`,
      "STACK_OUTPUTS",
      undefined,
      { cause: error },
    );
  }
}

/** One output as text. @param option the option that replaces it, for the error */
export function output(outputs: StackOutputs, name: keyof StackOutputs, option: string): string {
  const value = outputs[name];
  if (typeof value === "string" && value !== "") return value;
  const names = Object.keys(outputs).join(", ") || "none";
  throw new CliError(
    `The stack has no output \`${name}\` (its outputs: ${names}). Export it from the program, or pass ${option}.`,
    "STACK_OUTPUTS",
  );
}
