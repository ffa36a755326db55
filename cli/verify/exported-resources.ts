import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { findSession } from "../session/find-session";
import type { StackChoice } from "../stack-outputs";
import { CliError, EXIT } from "../terminal";
import type { ExportedResource } from "./find-deployment";

const MAX_BYTES = 256 * 1024 * 1024;

/** Reads the resources of the running local stack, otherwise with the Pulumi CLI those of a stack. Secrets stay encrypted; none is needed. @throws CliError STACK_STATE */
export async function exportedResources(options: StackChoice): Promise<readonly ExportedResource[]> {
  const session = await findSession(options);
  if (session?.resources !== undefined) return session.resources;
  const { stack = session?.stack, program } = options;
  const args = ["stack", "export", "--non-interactive"];
  if (stack !== undefined) args.push("--stack", stack);
  if (program !== undefined) args.push("--cwd", program);
  try {
    const { stdout } = await promisify(execFile)("pulumi", args, { maxBuffer: MAX_BYTES });
    return (JSON.parse(stdout) as { deployment: { resources?: ExportedResource[] } }).deployment.resources ?? [];
  } catch (error) {
    const { code, stderr, message } = error as NodeJS.ErrnoException & { stderr?: string };
    const isMissing = code === "ENOENT";
    const why = isMissing ? "the Pulumi CLI is not on PATH" : stderr?.trim().replace(/\.$/, "") || message;
    throw new CliError(
      `Could not read the state of ${stack ? `stack ${stack}` : "the selected stack"}: ${why.replace(/^error: /, "")}. ${isMissing ? "Install it" : "Pass another stack with --stack"}.`,
      "STACK_STATE",
      EXIT.failed,
      { cause: error },
    );
  }
}
