import { deploymentOf } from "../deployment";
import { findSession } from "../session/find-session";
import type { StackChoice } from "../stack-outputs";
import { CliError } from "../terminal";
import { exportedResources } from "../verify/exported-resources";
import { followEvents, followLogs } from "./deployed-feeds";
import { type LiveConsole, liveConsole } from "./live-console";

export interface DeployedConsoleOptions extends StackChoice {
  readonly region?: string;
  /** Whether commands are allowed. A local stack allows them always. */
  readonly write: boolean;
  /** Receives what cannot be read, once each. */
  readonly onNotice?: (text: string) => void;
}

const READ_ONLY = "This console only reads. Restart it with --write to allow commands.";
const PER_STREAM = "CloudWatch has this number of all streams of an instance together only. The dashboard shows it.";
const DELIVERIES = "An account does not report single deliveries. Events are shown as they are stored.";
const MS = { streams: 5_000, failures: 10_000, alarms: 30_000 };

/**
 * The console of a stack that runs elsewhere: in an account, or on this machine in another process. It reads with the credentials
 * of this process. @throws CliError STACK_STATE, INSTANCE_UNKNOWN
 */
export async function deployedConsole(
  options: DeployedConsoleOptions,
): Promise<Pick<LiveConsole, "state" | "server" | "close">> {
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
  const write = options.write || session !== undefined;
  const live = liveConsole(
    {
      kind: session === undefined ? "deployed" : "local",
      stack: session?.stack ?? options.stack ?? "the selected stack",
      region: region ?? "",
      write,
      ...(!write && { readOnly: READ_ONLY }),
      unavailable: { processedPerSecond: PER_STREAM, lag: PER_STREAM, deliveries: DELIVERIES },
    },
    options,
  );
  const { state, isWatched } = live;
  try {
    const { instances, signal } = await live.follow(resources, region === undefined ? {} : { region }, MS);
    for (const { deployment } of instances) {
      followLogs(deployment, { state, region, signal, isWatched });
      followEvents(deployment, { state, region, signal, isWatched });
    }
    return live;
  } catch (error) {
    live.close();
    throw error;
  }
}
