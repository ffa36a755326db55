import type { Command } from "commander";
import { port } from "./local/parse-options";
import { type OperatorOptions, operate } from "./operator-command";
import { CliError, terminal as processTerminal, type Terminal } from "./terminal";

interface ConsoleOptions extends Pick<OperatorOptions, "stack" | "program" | "region"> {
  readonly port: number;
  readonly write?: true;
  readonly open?: true;
}

const READ_ONLY = "This console only reads. Restart it with --write to allow commands.";
const PER_STREAM = "CloudWatch has this number of all streams of an instance together only. The dashboard shows it.";
const DELIVERIES = "An account does not report single deliveries. Events are shown as they are stored.";

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
  const [{ findSession }, { exportedResources }, { deploymentOf }, { startFeed }, feeds, { consoleState }] =
    await Promise.all([
      import("./session/find-session"),
      import("./verify/exported-resources"),
      import("./deployment"),
      import("./console/feed"),
      import("./console/deployed-feeds"),
      import("./console/console-state"),
    ]);
  const [{ commandRunner }, { consoleServer, listen }, { pageAssets }, { openBrowser }] = await Promise.all([
    import("./console/commands"),
    import("./console/server"),
    import("./console/page-assets"),
    import("./open-browser"),
  ]);
  const session = await findSession(options);
  const resources = await exportedResources({ ...options, json: true });
  const component = resources.find(({ outputs }) => typeof outputs?.apiUrl === "string");
  if (component === undefined)
    throw new CliError(
      "The stack has no StreamIngestion. Run `pulumi up` first, or name another --stack.",
      "INSTANCE_UNKNOWN",
    );
  const { apiUrl, processorArn } = component.outputs as { readonly apiUrl: string; readonly processorArn?: string };
  const region = session?.region ?? (await deploymentOf({ ...options, apiUrl }).region(processorArn));

  const write = options.write === true || session !== undefined;
  const state = consoleState(
    {
      kind: session === undefined ? "deployed" : "local",
      stack: session?.stack ?? options.stack ?? "the selected stack",
      region: region ?? "",
      write,
      ...(!write && { readOnly: READ_ONLY }),
      unavailable: { processedPerSecond: PER_STREAM, lag: PER_STREAM, deliveries: DELIVERIES },
    },
    Date.now,
  );
  const commands = commandRunner({
    state,
    target: (instance) => feed.instance(instance),
    readOnly: write ? undefined : READ_ONLY,
  });
  const server = consoleServer({ state, commands, assets: pageAssets });
  const isWatched = () => server.pageCount() > 0;
  const access = region === undefined ? {} : { region };
  const ms = { streams: 5_000, failures: 10_000, alarms: 30_000 };
  const feed = await startFeed({ state, access, resources, isWatched, ms });
  for (const { deployment } of feed.instances) {
    const options = { state, region, signal: feed.signal, isWatched };
    feeds.followLogs(deployment, options);
    feeds.followEvents(deployment, options);
  }
  const interrupted = untilSignal();
  try {
    const { origin, close } = await listen(server, options.port);
    const link = server.link(origin);
    terminal.out(`Console  ${link}`);
    if (options.open) openBrowser(link, terminal.err);
    await interrupted;
    await close();
  } finally {
    feed.close();
    server.close();
  }
}

/** Resolves at the first SIGINT or SIGTERM. The second ends the process at once. */
function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      process.off("SIGINT", end).off("SIGTERM", end);
      resolve();
    };
    process.on("SIGINT", end).on("SIGTERM", end);
  });
}
