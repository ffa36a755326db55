import type { Command } from "commander";
import { clientFor, type OperatorOptions, operate, withOperatorOptions } from "./operator-command";
import { terminal as processTerminal, type Terminal } from "./terminal";

/** `stream-ingestion stop <streamId>` */
export function addStop(program: Command, terminal: Terminal = processTerminal): void {
  withOperatorOptions(program.command("stop <streamId>"))
    .description("Stop a stream and keep its checkpoint. Safe to repeat.")
    .action((streamId: string, options: OperatorOptions) =>
      operate(terminal, options, async () => {
        const connection = await (await clientFor(options)).stop(streamId);
        if (options.json) return terminal.out(JSON.stringify(connection));
        terminal.out(
          `${streamId}: ${connection.live ? "stopping; the hop closes the connection within 10 s" : "stopped"}`,
        );
      }),
    );
}
