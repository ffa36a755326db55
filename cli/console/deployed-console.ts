import { COMPONENT_TYPE } from "pulumi-stream-ingestion/internal";
import { deploymentOf } from "../deployment";
import { findSession } from "../session/find-session";
import type { StackChoice } from "../stack-outputs";
import { CliError } from "../terminal";
import { exportedResources } from "../verify/exported-resources";
import type { ExportedResource } from "../verify/find-deployment";
import type { AwsAccess } from "./aws-instance";
import { followEvents, followLogs } from "./deployed-feeds";
import { type LiveConsole, type LiveConsoleOptions, liveConsole } from "./live-console";
import type { Capabilities } from "./protocol";

export interface DeployedConsoleOptions extends StackChoice, Pick<LiveConsoleOptions, "onNotice"> {
  readonly region?: string;
  /** Whether commands are allowed. A local stack allows them always. */
  readonly write: boolean;
}

export interface StackConsoleOptions extends LiveConsoleOptions, Pick<Capabilities, "kind" | "stack" | "write"> {
  readonly resources: readonly ExportedResource[];
  readonly access: AwsAccess;
}

type StackConsole = Pick<LiveConsole, "state" | "server" | "close">;

const READ_ONLY = "This console only reads. Restart it with --write to allow commands.";
const PER_STREAM = "CloudWatch has this number of all streams of an instance together only. The dashboard shows it.";
const DELIVERIES = "An account does not report single deliveries. Events are shown as they are stored.";
const MS = { streams: 5_000, failures: 10_000, alarms: 30_000 };

/**
 * The console of a stack that runs elsewhere: in an account, or on this machine in another process. It reads with the credentials
 * of this process. @throws CliError STACK_STATE, INSTANCE_UNKNOWN
 */
export async function deployedConsole({ onNotice, ...options }: DeployedConsoleOptions): Promise<StackConsole> {
  const session = await findSession(options);
  const resources = await exportedResources({ ...options, json: true });
  const component = resources.find(hasApi);
  if (component === undefined)
    throw new CliError(
      "The stack has no StreamIngestion. Run `pulumi up` first, or name another --stack.",
      "INSTANCE_UNKNOWN",
    );
  const { apiUrl, processorArn } = component.outputs as { readonly apiUrl: string; readonly processorArn?: string };
  const region = session?.region ?? (await deploymentOf({ ...options, apiUrl }).region(processorArn));
  return stackConsole({
    kind: session === undefined ? "deployed" : "local",
    stack: session?.stack ?? options.stack ?? "the selected stack",
    write: options.write || session !== undefined,
    resources,
    access: region === undefined ? {} : { region },
    onNotice,
  });
}

/** The console of a stack's resources, read through AWS's own API. */
export async function stackConsole(options: StackConsoleOptions): Promise<StackConsole> {
  const { kind, stack, write, resources, access } = options;
  const live = liveConsole(
    {
      kind,
      stack,
      region: access.region ?? "",
      write,
      ...(!write && { readOnly: READ_ONLY }),
      unavailable: { processedPerSecond: PER_STREAM, lag: PER_STREAM, deliveries: DELIVERIES },
    },
    options,
  );
  const { state, isWatched } = live;
  try {
    const { instances, signal } = await live.follow(resources, access, MS);
    for (const { deployment } of instances) {
      followLogs(deployment, { state, access, signal, isWatched });
      followEvents(deployment, { state, access, signal, isWatched });
    }
    return live;
  } catch (error) {
    live.close();
    throw error;
  }
}

/** Whether a resource is a `StreamIngestion` whose deployment finished. */
export function hasApi({ type, outputs }: ExportedResource): boolean {
  return type === COMPONENT_TYPE && typeof outputs?.apiUrl === "string";
}
