import { COMPONENT_TYPE, CONTRACT_VERSION, ENV, type RelaySettings } from "../../runtime/contract";
import { CliError } from "../terminal";

/** What `pulumi stack export` tells of a resource, as far as it is read here. */
export interface ExportedResource {
  readonly urn: string;
  readonly type: string;
  readonly parent?: string;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/** One `StreamIngestion` of a stack, by the names that its parts have in AWS. */
export interface Deployment {
  readonly instance: string;
  readonly apiUrl: string;
  readonly eventTable: string;
  readonly connectionTable: string;
  /** Absent: the processor is the user's own function, of which the stack knows no log group. */
  readonly processorLogGroup?: string;
  readonly alarmNames: readonly string[];
  /** MB of the connection manager. */
  readonly relayMemorySize: number;
  /** How the relay reads, as deployed. Absent: the state does not show it, or another release wrote it. */
  readonly settings?: RelaySettings;
}

/**
 * Finds an instance among a stack's resources. By the state and not by stack outputs: a program need not export what an
 * acceptance check wants to see.
 *
 * @throws CliError INSTANCE_UNKNOWN when there is none, or several and no name was given
 */
export function findDeployment(resources: readonly ExportedResource[], instance?: string): Deployment {
  const components = resources.filter(({ type }) => type === COMPONENT_TYPE);
  const found = components.filter(({ urn }) => instance === undefined || nameOf(urn) === instance);
  const [component] = found;
  if (component === undefined || found.length > 1) {
    const there = components.map(({ urn }) => nameOf(urn)).join(", ") || "none";
    throw new CliError(
      `Expected ${instance === undefined ? "one StreamIngestion" : `a StreamIngestion "${instance}"`} in the stack, it has: ${there}. ` +
        `${found.length > 1 ? "Name one with --instance." : "Run `pulumi up` first, or name another --stack or --instance."}`,
      "INSTANCE_UNKNOWN",
    );
  }
  const children = resources.filter(({ parent }) => parent === component.urn);
  const ofType = (type: string) => children.filter((child) => child.type === type);
  const manager = ofType("aws:lambda/function:Function").find(({ urn }) => nameOf(urn).endsWith("-connection-manager"));
  const processor = ofType("aws:lambda/function:Function").find(({ urn }) => nameOf(urn).endsWith("-event-processor"));
  const logging = processor?.outputs?.loggingConfig as { readonly logGroup?: string } | undefined;
  return {
    instance: nameOf(component.urn),
    apiUrl: text(component, "apiUrl"),
    eventTable: text(component, "tableName"),
    connectionTable: text(component, "connectionTableName"),
    processorLogGroup: logging?.logGroup,
    alarmNames: ofType("aws:cloudwatch/metricAlarm:MetricAlarm").map((alarm) => text(alarm, "name")),
    relayMemorySize: Number(manager?.outputs?.memorySize ?? 128),
    settings: settingsOf(manager),
  };
}

/** The relay's settings hold no secret; a `transform` may all the same have made its whole environment one. */
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
    `The stack's state does not tell \`${property}\` of ${resource.urn}: its last \`pulumi up\` did not finish. Run it again.`,
    "DEPLOYMENT_INCOMPLETE",
  );
}
