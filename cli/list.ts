import type { Command } from "commander";
import type { ConnectionView } from "pulumi-stream-ingestion/internal";
import { asDesired, stateOf, table } from "./connection-text";
import { notStoredText, storedText } from "./counters-text";
import { clientFor, type OperatorOptions, operate, withOperatorOptions } from "./operator-command";
import { terminal as processTerminal, type Terminal } from "./terminal";

/** `stream-ingestion list` */
export function addList(program: Command, terminal: Terminal = processTerminal): void {
  withOperatorOptions(program.command("list"))
    .description("List all streams of the deployment.")
    .action((options: OperatorOptions) =>
      operate(terminal, options, async () => {
        const client = await clientFor(options);
        const found: ConnectionView[] = [];
        for await (const connection of client.list()) {
          if (options.json) terminal.out(JSON.stringify(connection));
          else found.push(connection);
        }
        if (options.json) return;
        if (found.length === 0) return terminal.out("No streams. Start one with `stream-ingestion start <streamId>`.");
        const { green, red, bold } = terminal.colours;
        const rows = found
          .sort((a, b) => (a.streamId < b.streamId ? -1 : 1))
          .map((one) => [
            one.streamId,
            stateOf(one),
            String(one.generation),
            String(one.counters.received),
            storedText(one.counters),
            notStoredText(one.counters),
            one.lastByteAt ?? "never",
          ]);
        const [header, ...lines] = table([
          ["STREAM", "STATE", "GENERATION", "RECEIVED", "STORED", "NOT STORED", "LAST BYTE"],
          ...rows,
        ]);
        terminal.out(bold(header!));
        for (const [i, line] of lines.entries()) terminal.out((asDesired(found[i]!) ? green : red)(line));
      }),
    );
}
