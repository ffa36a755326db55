import type { Command } from "commander";
import type { ConnectionClient } from "./connection-client";
import { output, stackOutputs } from "./stack-outputs";
import { type CliError, EXIT, EXIT_HELP, type Terminal } from "./terminal";

/** Options that every operating command takes. */
export interface OperatorOptions {
  readonly apiUrl?: string;
  readonly stack?: string;
  readonly program?: string;
  readonly region?: string;
  readonly json?: boolean;
}

export function withOperatorOptions(command: Command): Command {
  return command
    .option("--stack <name>", "Pulumi stack whose outputs name the API (default: the selected one)")
    .option("--program <dir>", "folder of the Pulumi program (default: the current one)")
    .option("--api-url <url>", "the API itself, instead of a stack")
    .option("--region <region>", "AWS region to sign for (default: from the URL, else AWS_REGION)")
    .option("--json", "print JSON, one value a line, and errors as JSON on stderr")
    .addHelpText("after", EXIT_HELP);
}

/** The client for what the options name. An API key, where the deployment has one, comes from STREAM_INGESTION_API_KEY. */
export async function clientFor(options: OperatorOptions): Promise<ConnectionClient> {
  const { connectionClient } = await import("./connection-client");
  const apiUrl = options.apiUrl ?? output(await stackOutputs(options), "apiUrl", "--api-url");
  return connectionClient({ apiUrl, region: options.region, apiKey: process.env.STREAM_INGESTION_API_KEY });
}

/** Runs an action; what it throws becomes one line on stderr and an exit code: ours and, by its name, that of AWS or the network. */
export async function operate(
  terminal: Terminal,
  options: OperatorOptions,
  action: () => Promise<void>,
): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (process.env.STREAM_INGESTION_DEBUG) throw error;
    const { name, message, code = name, exitCode } = error as Error & Partial<CliError>;
    terminal.err(options.json ? JSON.stringify({ code, message }) : `${terminal.colours.red("error:")} ${message}`);
    terminal.setExitCode(exitCode ?? EXIT.failed);
  }
}
