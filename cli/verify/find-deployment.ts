import { COMPONENT_TYPE, CONTRACT_VERSION, ENV, type RelaySettings } from "pulumi-stream-ingestion/internal";
import { CliError } from "../terminal";

/** A resource in the output of `pulumi stack export`, with the fields that are used here. */
export interface ExportedResource {
  readonly urn: string;
  readonly type: string;
  readonly parent?: string;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/** One `StreamIngestion` of a stack, with the AWS names of its resources. */
export interface Deployment {
  readonly instance: string;
  readonly apiUrl: string;
  readonly eventTable: string;
  readonly connectionTable: string;
  /** The failure bucket. */
  readonly bucket: string;
  /** ARN of the processor. */
  readonly processorArn?: string;
  /** Absent with `processor.functionArn`: the stack does not contain that function's log group. */
  readonly processorLogGroup?: string;
  /** The functions of the instance with their log groups. */
  readonly logGroups: readonly { readonly functionName: string; readonly logGroup: string }[];
  readonly alarmNames: readonly string[];
  /** Name of the alarm `watchdogStopped`. Absent: an argument removed it. */
  readonly watchdogAlarm?: string;
  /** Memory of the connection manager in MB. */
  readonly relayMemorySize: number;
  /** The deployed settings of the relay. Absent: they are secret in the state, or another release wrote them. */
  readonly settings?: RelaySettings;
}

/**
 * Finds an instance among a stack's resources. It reads the state, not the stack outputs, because a program does not have
 * to export what this check needs.
 *
 * @throws CliError INSTANCE_UNKNOWN when the stack has no such instance, or several and no name was passed
 */
export function findDeployment(resources: readonly ExportedResource[], instance?: string): Deployment {
  const component = findComponent(resources, instance);
  const children = resources.filter(({ parent }) => parent === component.urn);
  const ofType = (type: string) => children.filter((child) => child.type === type);
  const manager = ofType("aws:lambda/function:Function").find(({ urn }) => nameOf(urn).endsWith("-connection-manager"));
  const processor = ofType("aws:lambda/function:Function").find(({ urn }) => nameOf(urn).endsWith("-event-processor"));
  const alarms = ofType("aws:cloudwatch/metricAlarm:MetricAlarm");
  const ofWatchdog = alarms.find(({ urn }) => nameOf(urn).endsWith("-watchdog-stopped"));
  return {
    instance: nameOf(component.urn),
    apiUrl: text(component, "apiUrl"),
    eventTable: text(component, "tableName"),
    connectionTable: text(component, "connectionTableName"),
    bucket: text(component, "bucketName"),
    processorArn: component.outputs?.processorArn as string | undefined,
    processorLogGroup: processor && logGroupOf(processor),
    logGroups: ofType("aws:lambda/function:Function").flatMap((one) => {
      const logGroup = logGroupOf(one);
      return logGroup === undefined ? [] : { functionName: nameOf(one.urn), logGroup };
    }),
    alarmNames: alarms.map((alarm) => text(alarm, "name")),
    watchdogAlarm: ofWatchdog && text(ofWatchdog, "name"),
    relayMemorySize: Number(manager?.outputs?.memorySize ?? 128),
    settings: settingsOf(manager),
  };
}

function logGroupOf({ outputs }: ExportedResource): string | undefined {
  return (outputs?.loggingConfig as { readonly logGroup?: string } | undefined)?.logGroup;
}

/** The component of an instance. @throws CliError INSTANCE_UNKNOWN when the stack has no such instance, or several and no name was passed */
export function findComponent(resources: readonly ExportedResource[], instance?: string): ExportedResource {
  const components = resources.filter(({ type }) => type === COMPONENT_TYPE);
  const found = components.filter(({ urn }) => instance === undefined || nameOf(urn) === instance);
  const [component] = found;
  if (component === undefined || found.length > 1) {
    const names = components.map(({ urn }) => nameOf(urn)).join(", ") || "none";
    throw new CliError(
      `Expected ${instance === undefined ? "one StreamIngestion" : `a StreamIngestion "${instance}"`} in the stack, found: ${names}. ` +
        `${found.length > 1 ? "Name one with --instance." : "Run `pulumi up` first, or name another --stack or --instance."}`,
      "INSTANCE_UNKNOWN",
    );
  }
  return component;
}

/** The relay's settings contain no secret, but a `transform` can make the whole environment secret. */
function settingsOf(manager: ExportedResource | undefined): RelaySettings | undefined {
  const environment = manager?.outputs?.environment as { readonly variables?: Record<string, unknown> } | undefined;
  const json = environment?.variables?.[ENV.settings];
  if (typeof json !== "string") return undefined;
  const settings = JSON.parse(json) as RelaySettings;
  return settings.v === CONTRACT_VERSION ? settings : undefined;
}

function nameOf(urn: string): string {
  return urn.split("::").at(-1) ?? "";
}

function text(resource: ExportedResource, property: string): string {
  const value = resource.outputs?.[property];
  if (typeof value === "string" && value !== "") return value;
  throw new CliError(
    `The stack's state has no \`${property}\` for ${resource.urn}, because the last \`pulumi up\` did not finish. Run \`pulumi up\` again.`,
    "DEPLOYMENT_INCOMPLETE",
  );
}
