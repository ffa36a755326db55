import type {
  AccountArgs,
  ApiArgs,
  BundleArgs,
  ConnectionsArgs,
  EventsArgs,
  ExtraStatementsArgs,
  NetworkArgs,
  PrivateApiArgs,
  ProcessorArgs,
  RelayArgs,
  StreamIngestionArgs,
} from "./args";
import { onlyKeys } from "./expect";

/** All keys of T: the compiler rejects a table without a key, or with an unknown one. */
export type Keys<T> = Readonly<Record<keyof T, true>>;

const ARGS: Keys<StreamIngestionArgs> = {
  source: true,
  processor: true,
  streams: true,
  relay: true,
  events: true,
  connections: true,
  bucket: true,
  manageBucket: true,
  api: true,
  alarms: true,
  network: true,
  account: true,
  deploymentName: true,
  removal: true,
  tags: true,
};
const PROCESSOR: Keys<ProcessorArgs> = {
  entry: true,
  code: true,
  handler: true,
  runtime: true,
  architecture: true,
  bundle: true,
  install: true,
  copy: true,
  functionArn: true,
  roleName: true,
  memorySize: true,
  timeoutSeconds: true,
  environment: true,
  policyStatements: true,
  batchSize: true,
  parallelizationFactor: true,
  maximumBatchingWindowSeconds: true,
  externals: true,
};
const BUNDLE: Keys<BundleArgs> = {
  format: true,
  loader: true,
  define: true,
  alias: true,
  banner: true,
  minify: true,
  mainFields: true,
  conditions: true,
  logOverride: true,
};
const RELAY: Keys<RelayArgs> = {
  handover: true,
  memorySize: true,
  streamsPerHop: true,
  reservedConcurrency: true,
  recursion: true,
};
const EVENTS: Keys<EventsArgs> = {
  identity: true,
  ttlDays: true,
  maxEventBytes: true,
  slices: true,
  storage: true,
  packBytes: true,
  lingerMs: true,
  sequence: true,
  countRepeats: true,
  billing: true,
  warmThroughput: true,
  table: true,
};
const CONNECTIONS: Keys<ConnectionsArgs> = { table: true };
const API: Keys<ApiArgs> = { authorization: true, allowedCidrs: true, accessLogs: true, privateApi: true };
const PRIVATE_API: Keys<PrivateApiArgs> = {
  vpcEndpointIds: true,
  vpcId: true,
  subnetIds: true,
  securityGroupIds: true,
};
const NETWORK: Keys<NetworkArgs> = { subnetIds: true, securityGroupIds: true, fixedEgress: true, functions: true };
const ACCOUNT: Keys<AccountArgs> = {
  kmsKeyArn: true,
  permissionsBoundary: true,
  rolePath: true,
  logRetentionDays: true,
  tracing: true,
  deletionProtection: true,
  extraStatements: true,
};
const EXTRA_STATEMENTS: Keys<ExtraStatementsArgs> = { connectionManager: true, connectionApi: true, watchdog: true };

/**
 * Checks that each argument that is an object is one, and has no unknown key, which would be ignored in silence. `source`, `alarms`
 * and lists are checked with their values.
 *
 * @throws Error that names the argument, the key and what is allowed
 */
export function checkKeys(args: StreamIngestionArgs): void {
  const { processor, relay, events, connections, api, network, account } = args;
  const check = (argument: string, value: unknown, keys: object, example: string) => {
    if (value !== undefined) onlyKeys(argument, value, Object.keys(keys), example);
  };
  check("args", args, ARGS, '{ source: { url, path, key }, processor: { entry: "./processor.ts" } }');
  check("processor", processor, PROCESSOR, '{ entry: "./processor.ts" }');
  check("processor.bundle", processor?.bundle, BUNDLE, "{ minify: false }");
  check("relay", relay, RELAY, "{ memorySize: 256 }");
  check("events", events, EVENTS, "{ ttlDays: 7 }");
  check("connections", connections, CONNECTIONS, '{ table: "connections" }');
  check("api", api, API, '{ allowedCidrs: ["203.0.113.0/24"] }');
  check("api.privateApi", api?.privateApi, PRIVATE_API, '{ vpcEndpointIds: ["vpce-1"] }');
  check("network", network, NETWORK, '{ subnetIds: ["subnet-1"], securityGroupIds: ["sg-1"] }');
  check("account", account, ACCOUNT, "{ tracing: true }");
  check(
    "account.extraStatements",
    account?.extraStatements,
    EXTRA_STATEMENTS,
    "{ watchdog: [{ actions, resources }] }",
  );
}
