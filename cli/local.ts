import type { Command } from "commander";
import { hopSeconds, keyValue, port } from "./local/parse-options";

interface Options {
  readonly program: string;
  readonly stack: string;
  readonly config?: Record<string, string>;
  readonly secret?: Record<string, string>;
  readonly port: number;
  readonly hopSeconds?: number;
  readonly dataDir?: string;
  readonly json?: true;
}

/** `stream-ingestion local`: a Pulumi program's resources on this machine, until Ctrl-C. */
export function addLocal(program: Command): void {
  program
    .command("local [command...]")
    .description(
      "Run a Pulumi program that uses StreamIngestion on this machine, without an AWS account; or, after --, a command for " +
        "which this machine is AWS",
    )
    .addHelpText(
      "after",
      `
Examples:
  stream-ingestion local                            this folder's program, without the Pulumi CLI
  stream-ingestion local -- pulumi up -s local      the real engine; what it made stays up until Ctrl-C
  stream-ingestion local -- bash                    a shell for several commands: up, verify, destroy`,
    )
    .option("--program <dir>", "folder of the Pulumi project", ".")
    .option("--stack <name>", "stack, whose Pulumi.<name>.yaml is read", "local")
    .option("--config <key=value>", "configuration value (repeatable)", keyValue)
    .option("--secret <key=value>", "secret configuration value (repeatable)", keyValue)
    .option("--port <n>", "port of the AWS endpoint and the connection API; 0 = any free one", port, 0)
    .option("--hop-seconds <n>", "compress time: hops of this many seconds instead of 900", hopSeconds)
    .option("--data-dir <dir>", "keep tables, objects and streams in this folder; else they live in memory")
    .option("--json", "print one JSON object per line")
    .action(async (command: string[], options: Options) => {
      if (command.length > 0) {
        process.exitCode = await deployHere(command, options);
        return;
      }
      const [{ runLocal }, { untilStopped }, { reporterFor }] = await Promise.all([
        import("./local/run-local"),
        import("./local/scenarios"),
        import("./local/reporter-for"),
      ]);
      const { config = {}, secret: secrets = {}, json, ...rest } = options;
      process.exitCode = await runLocal({ ...rest, config, secrets }, reporterFor(json), untilStopped);
    });
}

/** Everything that deploys to AWS in this one command deploys to this machine. */
async function deployHere(command: readonly string[], options: Options): Promise<number> {
  const [{ runWithProvider }, { startEngineCloud }] = await Promise.all([
    import("./local/with-provider"),
    import("../local/provider/index"),
  ]);
  const say = (sentence: string) => process.stderr.write(`${sentence}\n`);
  const { stack, port, hopSeconds, dataDir, program } = options;
  return runWithProvider({
    command,
    start: () => startEngineCloud({ stack, port, hopSeconds, dataDir, directory: program, report: say }),
    say,
  });
}
