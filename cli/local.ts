import type { Command } from "commander";
import { hopSeconds, keyValue, port } from "./local/parse-options";

interface Options {
  readonly program: string;
  readonly stack: string;
  readonly config?: Record<string, string>;
  readonly secret?: Record<string, string>;
  readonly stackOutput?: Record<string, string>;
  readonly invoke?: Record<string, string>;
  readonly port: number;
  readonly hopSeconds?: number;
  readonly dataDir?: string;
  readonly inspect?: number | true;
  readonly json?: true;
  readonly open?: true;
}

/** The default port of Node's debugger. */
const INSPECT_PORT = 9229;

/** `stream-ingestion local`: runs a Pulumi program's resources on this machine, until Ctrl-C. */
export function addLocal(program: Command): void {
  program
    .command("local [command...]")
    .description(
      "Run a Pulumi program that uses StreamIngestion on this machine, without an AWS account. After --, run a command with " +
        "this machine as its AWS account.",
    )
    .addHelpText(
      "after",
      `
Examples:
  stream-ingestion local                            the program in this folder, without the Pulumi CLI
  stream-ingestion local -- pulumi up -s local      the Pulumi CLI; its resources run until Ctrl-C
  stream-ingestion local -- bash                    a shell for several commands: up, verify, destroy`,
    )
    .option("--program <dir>", "folder of the Pulumi project", ".")
    .option("--stack <name>", "name of the stack; Pulumi.<name>.yaml is read", "local")
    .option("--config <key=value>", "configuration value (repeatable)", keyValue)
    .option("--secret <key=value>", "secret configuration value (repeatable)", keyValue)
    .option(
      "--stack-output <name=value>",
      "answer to a StackReference, an output of the other stack (repeatable; the Pulumi CLI reads the stack itself)",
      keyValue,
    )
    .option(
      "--invoke <token=json>",
      'answer to a provider function, such as aws:ssm/getParameter:getParameter={"value":"a"} (repeatable)',
      keyValue,
    )
    .option("--port <n>", "port of the AWS endpoint and the connection API; 0 selects a free one", port, 0)
    .option(
      "--hop-seconds <n>",
      "length of a hop in seconds, 5..900, to see handovers sooner (default: 900)",
      hopSeconds,
    )
    .option("--data-dir <dir>", "keep tables, objects and streams in this folder (default: in memory)")
    .option(
      "--inspect [port]",
      `listen for a debugger of the processor on 127.0.0.1, without a timeout (default port: ${INSPECT_PORT})`,
      port,
    )
    .option("--open", "open the console in the browser")
    .option("--json", "print one JSON object per line")
    .action(async (command: string[], options: Options) => {
      if (command.length > 0) {
        process.exitCode = await runCommand(command, options);
        return;
      }
      const { reporterFor } = await import("./local/reporter-for");
      const reporter = reporterFor(options.json);
      reporter.step("Starting");
      const [{ runLocal }, { untilStopped }] = await Promise.all([
        import("./local/run-local"),
        import("./local/scenarios"),
      ]);
      const {
        config = {},
        secret: secrets = {},
        stackOutput: stackOutputs,
        invoke: invokes,
        json: _,
        inspect,
        ...rest
      } = options;
      const inspectPort = inspect === true ? INSPECT_PORT : inspect;
      const stack = { ...rest, config, secrets, stackOutputs, invokes, inspectPort };
      process.exitCode = await runLocal(stack, reporter, untilStopped);
    });
}

/** Runs one command whose AWS provider and AWS clients use this machine. */
async function runCommand(command: readonly string[], options: Options): Promise<number> {
  const [{ runWithProvider }, { startEngineCloud }] = await Promise.all([
    import("./local/with-provider"),
    import("stream-ingestion-local"),
  ]);
  const report = (message: string) => process.stderr.write(`${message}\n`);
  const { stack, port, hopSeconds, dataDir, program, invoke: invokes } = options;
  return runWithProvider({
    command,
    program,
    stack,
    start: (onRequest) =>
      startEngineCloud({ stack, port, hopSeconds, dataDir, directory: program, report, invokes, onRequest }),
    report,
  });
}
