import type { Command } from "commander";
import { port } from "./local/parse-options";
import { type OperatorOptions, operate } from "./operator-command";
import { onStopSignal } from "./stop-signals";
import { terminal as processTerminal, type Terminal } from "./terminal";

interface ConsoleOptions extends Pick<OperatorOptions, "stack" | "program" | "region"> {
  readonly port: number;
  readonly write?: true;
  readonly open?: true;
}

/** `stream-ingestion console`: the page of a deployed stack, or of the running local one. */
export function addConsole(program: Command, terminal: Terminal = processTerminal): void {
  program
    .command("console")
    .description(
      "Show a stack live in the browser: streams, handovers, events, failures, logs and alarms. Reads with your AWS credentials, until Ctrl-C.",
    )
    .option("--stack <name>", "Pulumi stack (default: the running local stack, otherwise the selected one)")
    .option("--program <dir>", "folder of the Pulumi program (default: the current folder)")
    .option("--region <region>", "AWS region (default: from the URL or the stack, otherwise AWS_REGION)")
    .option("--write", "allow commands on a deployed stack: start, stop, hand over, redrive, discard")
    .option("--port <n>", "port of the page; 0 selects a free one", port, 0)
    .option("--open", "open the page in the browser")
    .action((options: ConsoleOptions) => operate(terminal, options, () => show(options, terminal)));
}

async function show(options: ConsoleOptions, terminal: Terminal): Promise<void> {
  const stopped = untilStopped();
  const { port: listenPort, write, open } = options;
  const [{ deployedConsole }, { listen }, { openBrowser }] = await Promise.all([
    import("./console/deployed-console"),
    import("./console/server"),
    import("./open-browser"),
  ]);
  terminal.err("Reading the state of the stack.");
  const { server, close } = await deployedConsole({ ...options, write: write === true, onNotice: terminal.err });
  try {
    const page = await listen(server, listenPort);
    const link = server.link(page.origin);
    terminal.out(`Console  ${link}`);
    terminal.err("The console runs until Ctrl-C.");
    if (open) openBrowser(link, terminal.err);
    await stopped;
    await page.close();
  } finally {
    close();
  }
}

/** What is not answered by then ends with the process. */
const FORCED_EXIT_MS = 1_500;

/** Resolves at the first signal. The second ends the process at once. */
function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    let isStopped = false;
    onStopSignal(() => {
      if (isStopped) process.exit();
      isStopped = true;
      setTimeout(() => process.exit(), FORCED_EXIT_MS).unref();
      resolve();
    });
  });
}
