import type * as pulumi from "@pulumi/pulumi";
import { CONTRACT_VERSION, ENV, type RelaySettings } from "../runtime/contract";
import { type Account, normaliseAccount } from "./account";
import type { AlarmName, AlarmSpec } from "./alarm-list";
import { alarmSettings } from "./alarm-settings";
import {
  Authorization,
  EventStorage,
  type EventsArgs,
  Handover,
  IdentityKind,
  type NetworkArgs,
  NetworkFunctions,
  type PrivateApiArgs,
  Recursion,
  Removal,
  type SourceArgs,
  type StreamIngestionArgs,
} from "./args";
import { checkKeys } from "./argument-keys";
import { cidrs } from "./cidrs";
import { type DeclaredStreams, declaredStreams } from "./declared-streams";
import { checkEnvironment, checkSize } from "./environment";
import { type EventCapacity, eventCapacity } from "./event-capacity";
import { expect, expectThat, integer, oneOf, onlyKeys, pointer } from "./expect";
import { known } from "./known";
import { type ProcessorSettings, processorSettings } from "./processor-settings";
import { bucketNamed, idNamed, ids, named, tableNamed } from "./references";
import { relayMemory } from "./relay-memory";
import { checkedParts, type SourceParts } from "./source-parts";
import { sourceSettings } from "./source-settings";
import { checkedTags } from "./tags";

/** The defaults of the arguments that are not checked in a separate file. */
const DEFAULTS = {
  ttlDays: 7,
  maxEventBytes: 1_048_576,
  relayMemorySize: 256,
  streamsPerHop: 1,
  slices: 1,
  packBytes: 65_536,
  lingerMs: 200,
} as const;

/** Default of `processor.batchSize` with packs, whose events are up to 400 KB: a batch stays below Lambda's limit of 6 MB. */
const PACKS_PER_BATCH = 10;

/** The arguments as the steps of the constructor use them: complete and checked. What is an Output is checked when it becomes known. */
export interface Normalised extends DeclaredStreams {
  readonly settings: RelaySettings;
  readonly sourceParts: pulumi.Input<SourceParts> | undefined;
  /** Names of existing resources to use. */
  readonly existing: Readonly<Record<"connectionTable" | "eventTable" | "bucket", pulumi.Input<string> | undefined>>;
  readonly network: NetworkArgs | undefined;
  readonly relayMemorySize: number;
  readonly reservedConcurrency: number | undefined;
  readonly processor: ProcessorSettings;
  readonly authorization: Authorization;
  readonly allowedCidrs: pulumi.Input<readonly string[]>;
  readonly accessLogs: boolean;
  readonly privateApi: PrivateApiArgs | undefined;
  readonly recursion: Recursion;
  readonly countRepeats: boolean;
  readonly capacity: EventCapacity;
  readonly manageBucket: boolean;
  readonly alarms: ReadonlyMap<AlarmName, AlarmSpec>;
  readonly account: Account;
  /** Absent: made of project, stack and instance. */
  readonly deploymentName: string | undefined;
  readonly retain: boolean;
  readonly tags: pulumi.Input<Record<string, string>> | undefined;
}

/** IAM role names have at most 64 characters. The longest is `NAME-connection-manager-role-` and Pulumi's seven random characters. */
const MAX_NAME = 64 - "-connection-manager-role-".length - 7;

/** Checks the arguments and adds the defaults. @throws Error that names the argument, the value and what is allowed */
export function normalise(name: string, args: StreamIngestionArgs): Normalised {
  expect(
    /^[A-Za-z][A-Za-z0-9-]*$/.test(name) && name.length <= MAX_NAME,
    "the instance name",
    `1..${MAX_NAME} letters, digits and hyphens, starting with a letter`,
    name,
  );
  const { source, processor, relay = {}, events = {}, api = {} } = checkRequired(args);
  idNamed(
    "source.secretArn",
    "the ARN of a secret",
    /^arn:[^:]+:secretsmanager:[^:]+:\d{12}:secret:.+$/,
    source.secretArn,
  );
  onlyKeys("events.identity", events.identity ?? {}, ["kind", "pointer"], '{ kind: "pointer", pointer: "/id" }');
  const identity = { kind: IdentityKind.content, ...events.identity };
  const settings: RelaySettings = {
    v: CONTRACT_VERSION,
    source: sourceSettings(source),
    relay: {
      handover: oneOf("relay.handover", Handover, relay.handover ?? Handover.auto),
      streamsPerHop: integer("relay.streamsPerHop", relay.streamsPerHop ?? DEFAULTS.streamsPerHop, 1, 100),
      ...(relay.recursion === Recursion.none && { recursion: "none" }),
    },
    events: {
      identity: identityOf(oneOf("events.identity.kind", IdentityKind, identity.kind), identity.pointer),
      ttlDays: integer("events.ttlDays", events.ttlDays ?? DEFAULTS.ttlDays, 1, 3650),
      maxEventBytes: integer("events.maxEventBytes", events.maxEventBytes ?? DEFAULTS.maxEventBytes, 1024, 104_857_600),
      slices: integer("events.slices", events.slices ?? DEFAULTS.slices, 1, 64),
      ...packs(events),
      ...(events.sequence !== undefined && { sequence: pointer("events.sequence", events.sequence) }),
    },
  };
  const isPacked = settings.events.storage === EventStorage.packed;
  checkSize("the connection manager", { [ENV.settings]: JSON.stringify(settings) });
  return {
    settings,
    sourceParts: checkedParts(source),
    existing: {
      connectionTable: tableNamed("connections.table", args.connections?.table),
      eventTable: tableNamed("events.table", events.table),
      bucket: bucketNamed(args.bucket),
    },
    network: checkedNetwork(args.network),
    ...declaredStreams(args),
    relayMemorySize: relayMemory(relay.memorySize ?? DEFAULTS.relayMemorySize, settings),
    reservedConcurrency: reserved(relay.reservedConcurrency, args.streams, settings.relay.streamsPerHop),
    processor: processorSettings(isPacked ? { batchSize: PACKS_PER_BATCH, ...processor } : (processor ?? {})),
    authorization: oneOf("api.authorization", Authorization, api.authorization ?? Authorization.iam),
    allowedCidrs: api.allowedCidrs === undefined ? [] : known(api.allowedCidrs, cidrs),
    accessLogs: flag("api.accessLogs", api.accessLogs),
    privateApi: privateApi(api.privateApi),
    recursion: oneOf("relay.recursion", Recursion, relay.recursion ?? Recursion.allow),
    countRepeats: flag("events.countRepeats", events.countRepeats ?? true) && !isPacked,
    capacity: eventCapacity(events),
    manageBucket: flag("manageBucket", args.manageBucket),
    alarms: alarmSettings(args.alarms, events.sequence === undefined ? ["eventsMissing"] : []),
    account: normaliseAccount(args.account),
    deploymentName: deploymentName(args.deploymentName),
    retain: oneOf("removal", Removal, args.removal ?? Removal.retain) === Removal.retain,
    tags: args.tags === undefined ? undefined : known(args.tags, checkedTags),
  };
}

/** Checks required arguments, which JavaScript programs can omit, and combinations of arguments. */
function checkRequired(args: StreamIngestionArgs): StreamIngestionArgs {
  expect(args?.source !== undefined, "`source`", "an object with `url` and `path`", args?.source);
  checkKeys(args);
  checkSecretArn(args.source);
  checkEnvironment(args.processor?.environment);
  expect(
    !args.manageBucket || args.bucket !== undefined,
    "`manageBucket`",
    "set only with `bucket`",
    args.manageBucket,
  );
  return args;
}

/** An existing secret contains all secret arguments, so they cannot be set in addition. */
function checkSecretArn({ secretArn, ...source }: SourceArgs): void {
  if (secretArn === undefined) return;
  const inSecret = ["url", "path", "key", "headers", "query", "body", "tls", "proxy"] as const;
  const also: string[] = inSecret.filter((name) => source[name] !== undefined);
  if (source.webSocket?.messages !== undefined) also.push("webSocket.messages");
  if (source.oauth2?.tokenUrl !== undefined) also.push("oauth2.tokenUrl");
  if (source.oauth2?.clientId !== undefined) also.push("oauth2.clientId");
  expectThat(
    also.length === 0,
    "`source.secretArn` without the arguments that its secret contains",
    `it with ${also.join(", ")}`,
  );
}

function identityOf(kind: IdentityKind, path: string | undefined): RelaySettings["events"]["identity"] {
  return kind === IdentityKind.pointer ? { kind, pointer: pointer("events.identity.pointer", path) } : { kind };
}

/** In a handover, a hop and its successor run at the same time. Of streams that become known later, the watchdog's alarm reports what is down. */
function reserved(
  value: number | undefined,
  streams: StreamIngestionArgs["streams"],
  streamsPerHop: number,
): number | undefined {
  const isAllowed = value === undefined || value === 0 || (Number.isInteger(value) && value >= 3);
  expect(
    isAllowed,
    "`relay.reservedConcurrency`",
    "at least 3 (twice the concurrent hops plus one), or 0 to stop every stream",
    value,
  );
  if (!value || !Array.isArray(streams)) return value;
  const needed = 2 * Math.ceil(streams.length / streamsPerHop) + 1;
  expect(
    value >= needed,
    "`relay.reservedConcurrency`",
    `at least ${needed} for ${streams.length} streams with ${streamsPerHop} per hop (twice the concurrent hops plus one), or 0 to stop every stream`,
    value,
  );
  return value;
}

function checkedNetwork(network: NetworkArgs | undefined): NetworkArgs | undefined {
  if (network === undefined) return undefined;
  const { subnetIds, securityGroupIds, fixedEgress, functions } = network;
  oneOf("network.functions", NetworkFunctions, functions ?? NetworkFunctions.relay);
  const existing = [subnetIds, securityGroupIds].filter((part) => part !== undefined).length;
  expectThat(
    fixedEgress ? existing === 0 : existing === 2,
    "`network` to have either `subnetIds` with `securityGroupIds`, or `fixedEgress: true`",
    quotedNames(network),
  );
  return {
    ...network,
    subnetIds: ids("network.subnetIds", subnetIds),
    securityGroupIds: ids("network.securityGroupIds", securityGroupIds),
  };
}

function flag(argument: string, value = false): boolean {
  expect(typeof value === "boolean", `\`${argument}\``, "true or false", value);
  return value;
}

function quotedNames(args: object): string {
  const names = Object.keys(args).map((name) => `\`${name}\``);
  return names.join(", ") || "neither";
}

function privateApi(args: PrivateApiArgs | undefined): PrivateApiArgs | undefined {
  if (args === undefined) return undefined;
  const { vpcEndpointIds, vpcId, subnetIds, securityGroupIds } = args;
  const parts = [vpcId, subnetIds, securityGroupIds].filter((part) => part !== undefined).length;
  expectThat(
    vpcEndpointIds === undefined ? parts === 3 : parts === 0,
    "`api.privateApi` to have either `vpcEndpointIds`, or `vpcId` with `subnetIds` and `securityGroupIds`",
    quotedNames(args),
  );
  return {
    vpcId: named("api.privateApi.vpcId", "the id of a VPC", /^vpc-/, vpcId),
    vpcEndpointIds: ids("api.privateApi.vpcEndpointIds", vpcEndpointIds),
    subnetIds: ids("api.privateApi.subnetIds", subnetIds),
    securityGroupIds: ids("api.privateApi.securityGroupIds", securityGroupIds),
  };
}

function deploymentName(name: string | undefined): string | undefined {
  const isAllowed = name === undefined || (typeof name === "string" && /^[A-Za-z0-9_-]{1,255}$/.test(name));
  expect(isAllowed, "`deploymentName`", "1..255 letters, digits, hyphens and underscores", name);
  return name;
}

/** How events are stored. Nothing without `storage`, so that the deployment's settings and permissions stay as they are. */
function packs({
  storage,
  packBytes,
  lingerMs,
  slices,
}: EventsArgs): Pick<RelaySettings["events"], "storage" | "pack"> {
  const bytes = integer("events.packBytes", packBytes ?? DEFAULTS.packBytes, 1024, 262_144);
  const pack = { bytes, lingerMs: integer("events.lingerMs", lingerMs ?? DEFAULTS.lingerMs, 10, 5_000) };
  if (storage === undefined) return {};
  const checked = oneOf("events.storage", EventStorage, storage);
  if (checked === EventStorage.each) return { storage: checked };
  expect(slices === undefined || slices === 1, '`events.slices` with `storage: "packed"`', "1", slices);
  return { storage: checked, pack };
}
