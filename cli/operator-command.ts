import type { Command } from "commander";
import { explained } from "./aws-error";
import type { ConnectionClient } from "./connection-client";
import { deploymentOf } from "./deployment";
import { type CliError, EXIT, EXIT_HELP, type Terminal } from "./terminal";

/** Options of every operating command. */
export interface OperatorOptions {
  readonly apiUrl?: string;
  readonly stack?: string;
  readonly program?: string;
  readonly region?: string;
  readonly instance?: string;
  readonly json?: boolean;
}

export function withOperatorOptions(command: Command): Command {
  return command
    .option(
      "--stack <name>",
      "Pulumi stack with the API's URL in its outputs (default: the running local stack, otherwise the selected one)",
    )
    .option("--program <dir>", "folder of the Pulumi program (default: the current folder)")
    .option("--api-url <url>", "URL of the API (default: the stack's output apiUrl)")
    .option("--instance <name>", "name of the StreamIngestion, if the local stack has several")
    .option("--region <region>", "AWS region (default: from the URL or the stack, otherwise AWS_REGION)")
    .option("--json", "print one JSON value per line, and errors as JSON on stderr")
    .addHelpText("after", EXIT_HELP);
}

/** The client for the API in the options or the stack outputs. The API key, if any, is read from STREAM_INGESTION_API_KEY. */
export async function clientFor(options: OperatorOptions): Promise<ConnectionClient> {
  const { connectionClient } = await import("./connection-client");
  const deployment = deploymentOf(options);
  const apiUrl = await deployment.name(options.apiUrl, "apiUrl", "--api-url");
  return connectionClient({ apiUrl, region: await deployment.region(), apiKey: process.env.STREAM_INGESTION_API_KEY });
}

/** Runs an action. An error becomes one line on stderr and an exit code; an error of AWS or the network has its name as `code`. */
export async function operate(
  terminal: Terminal,
  options: OperatorOptions,
  action: () => Promise<void>,
): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (process.env.STREAM_INGESTION_DEBUG) throw error;
    const { name, message, code = name, exitCode } = explained(error as Error) as Error & Partial<CliError>;
    terminal.err(options.json ? JSON.stringify({ code, message }) : `${terminal.colours.red("error:")} ${message}`);
    terminal.setExitCode(exitCode ?? EXIT.failed);
  }
}
