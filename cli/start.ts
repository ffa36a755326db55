import type { Command } from "commander";
import { clientFor, type OperatorOptions, operate, withOperatorOptions } from "./operator-command";
import { terminal as processTerminal, type Terminal } from "./terminal";

/** `stream-ingestion start <streamId>` */
export function addStart(program: Command, terminal: Terminal = processTerminal): void {
  withOperatorOptions(program.command("start <streamId>"))
    .description("Start a stream. Safe to repeat.")
    .option("--fresh", "start without the stored checkpoint, at the upstream's current position")
    .action((streamId: string, options: OperatorOptions & { fresh?: boolean }) =>
      operate(terminal, options, async () => {
        const client = await clientFor(options);
        const { started, connection } = await client.start(streamId, !options.fresh);
        if (options.json) return terminal.out(JSON.stringify({ started, ...connection }));
        terminal.out(started ? `${streamId}: started` : `${streamId}: already running (${connection.status})`);
      }),
    );
}
