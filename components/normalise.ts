import * as pulumi from "@pulumi/pulumi";
import { CONTRACT_VERSION, ENV, isStreamId, type RelaySettings, STREAM_ID_RULE } from "../runtime/contract";
import { type Account, normaliseAccount } from "./account";
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
import { checkEnvironment, checkSize } from "./environment";
import { expect, integer, memory, oneOf, onlyKeys, pointer } from "./expect";
import { type ProcessorSettings, processorSettings } from "./processor-settings";
import { namesStream, sourceSettings } from "./source-settings";

/** Defaults of everything that shapes the graph. The one place that knows them. */
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
  readonly account: Account;
  /** Absent: made of project, stack and instance. */
  readonly deploymentName: string | undefined;
  readonly retain: boolean;
}

/** IAM takes 64 characters, and the longest role is `NAME-connection-manager-role-` with Pulumi's seven characters after it. */
const MAX_NAME = 64 - "-connection-manager-role-".length - 7;

/** @throws Error whose message names the argument, the value seen and what is allowed. */
export function normalise(name: string, args: StreamIngestionArgs): Normalised {
  expect(
    /^[A-Za-z][A-Za-z0-9-]*$/.test(name) && name.length <= MAX_NAME,
    "the instance name",
    `1..${MAX_NAME} letters, digits and hyphens, a letter first`,
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
    streams: known(args.streams ?? [], (ids) => streamIds(ids, source)),
    relayMemorySize: memory("relay.memorySize", relay.memorySize ?? DEFAULTS.relayMemorySize),
    reservedConcurrency: reserved(relay.reservedConcurrency),
    processor: processorSettings(processor ?? {}),
    authorization: oneOf("api.authorization", Authorization, api.authorization ?? Authorization.iam),
    allowedCidrs: known(api.allowedCidrs ?? [], cidrs),
    accessLogs: flag("api.accessLogs", api.accessLogs),
    privateApi: privateApi(api.privateApi),
    recursion: oneOf("relay.recursion", Recursion, relay.recursion ?? Recursion.allow),
    account: normaliseAccount(args.account),
    deploymentName: deploymentName(args.deploymentName),
    retain: oneOf("removal", Removal, args.removal ?? Removal.retain) === Removal.retain,
  };
}

/** What a JavaScript user may have left out although the types require it. */
function checkRequired(args: StreamIngestionArgs): StreamIngestionArgs {
  if (args?.source?.secretArn === undefined) {
    expect(args?.source?.url !== undefined, "`source.url`", "the upstream's origin", args?.source?.url);
    expect(
      args.source.path !== undefined,
      "`source.path`",
      'a path on the upstream, "/" for its root',
      args.source.path,
    );
    checkCredential(args.source);
  } else checkSecretArn(args.source);
  // An output cannot be looked into before it is known; the relay names what is wrong then.
  if (typeof args.source.url === "string")
    expect(
      isOrigin(args.source.url),
      "`source.url`",
      "an http, https, ws or wss URL without query",
      "something else (it is a secret)",
    );
  if (typeof args.source.path === "string")
    expect(
      args.source.path.startsWith("/"),
      "`source.path`",
      "a path that begins with «/»",
      "something else (it is a secret)",
    );
  checkEnvironment(args.processor?.environment);
  checkNetwork(args.network);
  return args;
}

function checkCredential(source: SourceArgs): void {
  expect(
    typeof source.url !== "string" || !hasBothCredentials(source),
    "`source.key`",
    "absent where `source.url` has a user and password",
    "both (they are secrets)",
  );
  expect(
    typeof source.url !== "string" || !isReadable(source),
    "`source.url`",
    "https, because each request carries a credential; set `source.allowInsecureHttp: true` to send it readable",
    "http",
  );
}

/** Everything secret is in the existing secret. */
function checkSecretArn(source: SourceArgs): void {
  const { secretArn } = source;
  const inSecret = ["url", "path", "key", "headers", "query", "body", "oauth2", "tls", "proxy"] as const;
  const also: string[] = inSecret.filter((name) => source[name] !== undefined);
  if (source.webSocket?.messages !== undefined) also.push("webSocket.messages");
  expect(
    also.length === 0,
    "`source.secretArn`",
    "given without `url`, `path`, `key`, `headers`, `query`, `body`, `oauth2`, `tls`, `proxy` and `webSocket.messages`",
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
  const holds = value === undefined || value === 0 || (Number.isInteger(value) && value >= 3);
  expect(
    holds,
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
  expect(
    fixedEgress ? existing === 0 : existing === 2,
    "`network`",
    "either `subnetIds` with `securityGroupIds`, or `fixedEgress: true`",
    Object.keys(network).join(", ") || "nothing",
  );
}

/** Checked now, or as soon as it is known. */
function known(value: pulumi.Input<pulumi.Input<string>[]>, check: (value: readonly string[]) => readonly string[]) {
  const isPlain = typeof value === "string" || (Array.isArray(value) && value.every((one) => typeof one === "string"));
  if (isPlain) return check(value as unknown as readonly string[]);
  return pulumi.output(value).apply((later) => {
    try {
      return check(later);
    } catch (error) {
      throw new pulumi.RunError((error as Error).message);
    }
  });
}

function flag(what: string, value = false): boolean {
  expect(typeof value === "boolean", `\`${what}\``, "true or false", value);
  return value;
}

function privateApi(args: PrivateApiArgs | undefined): PrivateApiArgs | undefined {
  if (args === undefined) return undefined;
  const { vpcEndpointIds, vpcId, subnetIds, securityGroupIds } = args;
  const parts = [vpcId, subnetIds, securityGroupIds].filter((part) => part !== undefined).length;
  expect(
    vpcEndpointIds === undefined ? parts === 3 : parts === 0,
    "`api.privateApi`",
    "either `vpcEndpointIds`, or `vpcId` with `subnetIds` and `securityGroupIds`",
    Object.keys(args).join(", ") || "nothing",
  );
  return args;
}

function deploymentName(name: string | undefined): string | undefined {
  const holds = name === undefined || (typeof name === "string" && /^[A-Za-z0-9_-]{1,255}$/.test(name));
  expect(holds, "`deploymentName`", "1..255 letters, digits, hyphens and underscores", name);
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
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  expect(twice === undefined, "`streams`", "without repetition", twice);
  expect(
    ids.length < 2 || namesStream(source) !== false,
    "`source`",
    "a request with {streamId} in `path`, `query`, `headers` or `body`, because `streams` has more than one stream",
    "the same request for each of them",
  );
  return ids;
}

function cidrs(ranges: readonly string[]): readonly string[] {
  ranges.forEach((range, index) => {
    expect(
      /^(\d{1,3}(\.\d{1,3}){3}\/\d{1,2}|[0-9a-f:]+\/\d{1,3})$/i.test(range),
      `\`api.allowedCidrs[${index}]\``,
      "a CIDR range such as 203.0.113.0/24",
      range,
    );
  });
  return ranges;
}
