import type * as pulumi from "@pulumi/pulumi";
import { CONTRACT_VERSION, ENV, isStreamId, type RelaySettings, STREAM_ID_RULE } from "../runtime/contract";
import { type Account, normaliseAccount } from "./account";
import type { AlarmName, AlarmSpec } from "./alarm-list";
import { alarmSettings } from "./alarm-settings";
import {
  Authorization,
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
import { cidrs } from "./cidrs";
import { checkEnvironment, checkSize } from "./environment";
import { expect, expectThat, integer, memory, oneOf, onlyKeys, pointer, SECRET_VALUE } from "./expect";
import { known } from "./known";
import { type ProcessorSettings, processorSettings } from "./processor-settings";
import { namesStream, sourceSettings } from "./source-settings";
import { checkedTags } from "./tags";

/** The defaults of the arguments that are not checked in a separate file. */
const DEFAULTS = {
  ttlDays: 7,
  maxEventBytes: 1_048_576,
  relayMemorySize: 256,
  streamsPerHop: 1,
  slices: 1,
} as const;

/** The arguments as the steps of the constructor use them: complete and checked. What is an Output is checked when it becomes known. */
export interface Normalised {
  readonly settings: RelaySettings;
  readonly streams: pulumi.Input<readonly string[]>;
  readonly relayMemorySize: number;
  readonly reservedConcurrency: number | undefined;
  readonly processor: ProcessorSettings;
  readonly authorization: Authorization;
  readonly allowedCidrs: pulumi.Input<readonly string[]>;
  readonly accessLogs: boolean;
  readonly privateApi: PrivateApiArgs | undefined;
  readonly recursion: Recursion;
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
      slices: slices(events.slices ?? DEFAULTS.slices),
    },
  };
  checkSize("the connection manager", { [ENV.settings]: JSON.stringify(settings) });
  return {
    settings,
    streams: known(args.streams ?? [], (ids: readonly string[]) => streamIds(ids, source)),
    relayMemorySize: memory("relay.memorySize", relay.memorySize ?? DEFAULTS.relayMemorySize),
    reservedConcurrency: reserved(relay.reservedConcurrency),
    processor: processorSettings(processor ?? {}),
    authorization: oneOf("api.authorization", Authorization, api.authorization ?? Authorization.iam),
    allowedCidrs: known(api.allowedCidrs ?? [], cidrs),
    accessLogs: flag("api.accessLogs", api.accessLogs),
    privateApi: privateApi(api.privateApi),
    recursion: oneOf("relay.recursion", Recursion, relay.recursion ?? Recursion.allow),
    alarms: alarmSettings(args.alarms),
    account: normaliseAccount(args.account),
    deploymentName: deploymentName(args.deploymentName),
    retain: oneOf("removal", Removal, args.removal ?? Removal.retain) === Removal.retain,
    tags: args.tags === undefined ? undefined : known(args.tags, checkedTags),
  };
}

/** Checks required arguments, which JavaScript programs can omit, and combinations of arguments. */
function checkRequired(args: StreamIngestionArgs): StreamIngestionArgs {
  if (args?.source?.secretArn === undefined) {
    expect(args?.source?.url !== undefined, "`source.url`", "the upstream's origin", args?.source?.url);
    expect(args.source.path !== undefined, "`source.path`", 'a path on the upstream, such as "/"', args.source.path);
    checkCredential(args.source);
  } else checkSecretArn(args.source);
  // The value of an output is not known here. The relay reports an invalid one in the stream's status.
  if (typeof args.source.url === "string")
    expectThat(
      isOrigin(args.source.url),
      "`source.url` to be an http, https, ws or wss URL without a query",
      SECRET_VALUE,
    );
  if (typeof args.source.path === "string")
    expectThat(args.source.path.startsWith("/"), '`source.path` to start with "/"', SECRET_VALUE);
  checkEnvironment(args.processor?.environment);
  checkNetwork(args.network);
  return args;
}

function checkCredential(source: SourceArgs): void {
  expectThat(
    typeof source.url !== "string" || !hasBothCredentials(source),
    "either `source.key` or a user and password in `source.url`",
    "both",
  );
  expectThat(
    typeof source.url !== "string" || !isReadable(source),
    "`source.url` to be an https URL because each request carries a credential",
    "an http URL. Set `source.allowInsecureHttp: true` to send the credential unencrypted",
  );
}

/** An existing secret contains all secret arguments, so they cannot be set in addition. */
function checkSecretArn(source: SourceArgs): void {
  const { secretArn } = source;
  const inSecret = ["url", "path", "key", "headers", "query", "body", "oauth2", "tls", "proxy"] as const;
  const also: string[] = inSecret.filter((name) => source[name] !== undefined);
  if (source.webSocket?.messages !== undefined) also.push("webSocket.messages");
  expectThat(
    also.length === 0,
    "`source.secretArn` without `url`, `path`, `key`, `headers`, `query`, `body`, `oauth2`, `tls`, `proxy` and `webSocket.messages`",
    `it with ${also.join(", ")}`,
  );
  const isArn = typeof secretArn !== "string" || /^arn:[^:]+:secretsmanager:[^:]+:\d{12}:secret:.+$/.test(secretArn);
  expect(isArn, "`source.secretArn`", "the ARN of a secret", secretArn);
}

function isOrigin(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, search, hash } = new URL(value);
  return ["http:", "https:", "ws:", "wss:"].includes(protocol) && search === "" && hash === "";
}

function hasBothCredentials({ url, key }: SourceArgs): boolean {
  return key !== undefined && URL.canParse(url as string) && new URL(url as string).username !== "";
}

/** Whether the credential would be sent over http to another host than this one. */
function isReadable({ url, key, allowInsecureHttp }: SourceArgs): boolean {
  if (allowInsecureHttp || !URL.canParse(url as string)) return false;
  const { protocol, username, hostname } = new URL(url as string);
  const hasCredential = (key !== undefined && key !== "") || username !== "";
  return protocol === "http:" && hasCredential && !LOOPBACK.test(hostname);
}

const LOOPBACK = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/;

function identityOf(kind: IdentityKind, path: string | undefined): RelaySettings["events"]["identity"] {
  return kind === IdentityKind.pointer ? { kind, pointer: pointer("events.identity.pointer", path) } : { kind };
}

function reserved(value: number | undefined): number | undefined {
  const isAllowed = value === undefined || value === 0 || (Number.isInteger(value) && value >= 3);
  expect(
    isAllowed,
    "`relay.reservedConcurrency`",
    "at least 3 (twice the concurrent hops plus one), or 0 to stop every stream",
    value,
  );
  return value;
}

function checkNetwork(network: NetworkArgs | undefined): void {
  if (network === undefined) return;
  const { subnetIds, securityGroupIds, fixedEgress, functions } = network;
  oneOf("network.functions", NetworkFunctions, functions ?? NetworkFunctions.relay);
  const existing = [subnetIds, securityGroupIds].filter((part) => part !== undefined).length;
  expectThat(
    fixedEgress ? existing === 0 : existing === 2,
    "`network` to have either `subnetIds` with `securityGroupIds`, or `fixedEgress: true`",
    quotedNames(network),
  );
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
  return args;
}

function deploymentName(name: string | undefined): string | undefined {
  const isAllowed = name === undefined || (typeof name === "string" && /^[A-Za-z0-9_-]{1,255}$/.test(name));
  expect(isAllowed, "`deploymentName`", "1..255 letters, digits, hyphens and underscores", name);
  return name;
}

function slices(value: number): 1 | 4 | 16 {
  expect(value === 1 || value === 4 || value === 16, "`events.slices`", "1, 4 or 16", value);
  return value as 1 | 4 | 16;
}

function streamIds(ids: readonly string[], source: SourceArgs): readonly string[] {
  expect(Array.isArray(ids), "`streams`", "a list of stream ids", ids);
  ids.forEach((id, index) => {
    expect(isStreamId(id), `\`streams[${index}]\``, STREAM_ID_RULE, id);
  });
  const duplicate = ids.find((id, index) => ids.indexOf(id) !== index);
  expectThat(duplicate === undefined, "`streams` to contain each stream id once", `"${duplicate}" more than once`);
  expectThat(
    ids.length < 2 || namesStream(source) !== false,
    "`source` to have {streamId} in `path`, `query`, `headers` or `body`, because `streams` has more than one stream",
    "none, which would send the same request for every stream",
  );
  return ids;
}
