import type { Command } from "commander";
import { asDesired, describeConnection } from "./connection-text";
import { clientFor, type OperatorOptions, operate, withOperatorOptions } from "./operator-command";
import { EXIT, terminal as processTerminal, type Terminal } from "./terminal";

/** `stream-ingestion status <streamId>` */
export function addStatus(program: Command, terminal: Terminal = processTerminal): void {
  withOperatorOptions(program.command("status <streamId>"))
    .description("Show the desired and the actual state of a stream, and its counters.")
    .action((streamId: string, options: OperatorOptions) =>
      operate(terminal, options, async () => {
        const connection = await (await clientFor(options)).read(streamId);
        if (options.json) terminal.out(JSON.stringify(connection));
        else for (const line of describeConnection(connection, terminal.colours)) terminal.out(line);
        if (!asDesired(connection)) terminal.setExitCode(EXIT.notAsDesired);
      }),
    );
}
