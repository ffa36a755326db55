import type * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

/** How the body is cut into events. Users write `"sse"` or `SourceFormat.sse`. */
export const SourceFormat = { auto: "auto", sse: "sse", lines: "lines", json: "json", jsonSeq: "json-seq" } as const;
export type SourceFormat = (typeof SourceFormat)[keyof typeof SourceFormat];

/** What an event that matches a rule of `source.on` means. */
export const ControlAction = {
  ignore: "ignore",
  losePosition: "lose-position",
  reconnect: "reconnect",
  refreshCredential: "refresh-credential",
  complete: "complete",
  fail: "fail",
} as const;
export type ControlAction = (typeof ControlAction)[keyof typeof ControlAction];

/** What the end of the upstream's response means. */
export const SourceEnd = { reconnect: "reconnect", complete: "complete" } as const;
export type SourceEnd = (typeof SourceEnd)[keyof typeof SourceEnd];

/** How the credential travels. */
export const AuthKind = {
  bearer: "bearer",
  header: "header",
  query: "query",
  basic: "basic",
  oauth2: "oauth2",
  awsSigV4: "aws-sigv4",
  none: "none",
} as const;
export type AuthKind = (typeof AuthKind)[keyof typeof AuthKind];

/** Where a stored position goes when a connection resumes. */
export const ResumeKind = {
  lastEventId: "last-event-id",
  query: "query",
  header: "header",
  body: "body",
  message: "message",
  none: "none",
} as const;
export type ResumeKind = (typeof ResumeKind)[keyof typeof ResumeKind];

/** Instruction set of the processor's function. */
export const Architecture = { arm64: "arm64", x86_64: "x86_64" } as const;
export type Architecture = (typeof Architecture)[keyof typeof Architecture];

/** Module format of the processor's bundle. */
export const BundleFormat = { cjs: "cjs", esm: "esm" } as const;
export type BundleFormat = (typeof BundleFormat)[keyof typeof BundleFormat];

/** What makes two events one. */
export const IdentityKind = { content: "content", sseId: "sse-id", pointer: "pointer", arrival: "arrival" } as const;
export type IdentityKind = (typeof IdentityKind)[keyof typeof IdentityKind];

/** Method of the request. */
export const SourceMethod = { get: "GET", post: "POST", put: "PUT" } as const;
export type SourceMethod = (typeof SourceMethod)[keyof typeof SourceMethod];

/** How an OAuth 2.0 client authenticates at the token endpoint. */
export const OAuth2ClientAuth = { basic: "basic", post: "post" } as const;
export type OAuth2ClientAuth = (typeof OAuth2ClientAuth)[keyof typeof OAuth2ClientAuth];

/** How one hop hands over to the next. */
export const Handover = { auto: "auto", overlap: "overlap", break: "break" } as const;
export type Handover = (typeof Handover)[keyof typeof Handover];

/** What `pulumi destroy` does to tables, bucket and secret. */
export const Removal = { retain: "retain", delete: "delete" } as const;
export type Removal = (typeof Removal)[keyof typeof Removal];

/** Which functions `network` applies to. */
export const NetworkFunctions = { relay: "relay", all: "all" } as const;
export type NetworkFunctions = (typeof NetworkFunctions)[keyof typeof NetworkFunctions];

/** What Lambda's detection of recursive loops does with the chain of hops. */
export const Recursion = { allow: "allow", none: "none" } as const;
export type Recursion = (typeof Recursion)[keyof typeof Recursion];

/** Who may call the connection API. */
export const Authorization = { iam: "iam", iamAndApiKey: "iam-and-api-key" } as const;
export type Authorization = (typeof Authorization)[keyof typeof Authorization];

/** How the credential is sent. */
export interface AuthArgs {
  /**
   * `bearer`, `header` and `query` send `source.key`. `basic`: the key is `user:password`. `oauth2`: the key is the client's secret,
   * see `source.oauth2`. `aws-sigv4`: requests are signed with the connection manager's role. @default "bearer"
   */
  kind?: AuthKind;
  /** Header or query parameter for the key. Required by `header` and `query`. */
  name?: string;
  /** Service name in the signature, such as `execute-api`. Required by `aws-sigv4`. */
  service?: string;
  /** Region in the signature of `aws-sigv4`. Absent: the region of the connection manager. */
  region?: string;
}

/**
 * OAuth 2.0 client credentials (RFC 6749, section 4.4). The token is cached, replaced before it expires and after a 401, and
 * shared by the streams of one invocation. The request for it uses the source's `tls` and `proxy`.
 */
export interface OAuth2Args {
  /** URL of the token endpoint, https. Stored as a secret. */
  tokenUrl: pulumi.Input<string>;
  /** Client id. The client's secret is `source.key`. Stored as a secret. */
  clientId: pulumi.Input<string>;
  /** Scopes, separated by spaces. */
  scope?: string;
  /** Parameter `audience`, which some token endpoints require. */
  audience?: string;
  /** `basic`: client id and secret in the Authorization header, form-encoded as RFC 6749 requires. `post`: in the body, also for token endpoints that do not decode the header. @default "basic" */
  clientAuth?: OAuth2ClientAuth;
}

/** Certificates for TLS, as PEM. Stored as secrets. */
export interface TlsArgs {
  /** Certificates of the authorities to trust, instead of the public ones. Absent: Node's certificates. */
  ca?: pulumi.Input<string>;
  /** Client certificate, with its chain. Requires `key`. */
  cert?: pulumi.Input<string>;
  /** Private key of the client certificate. */
  key?: pulumi.Input<string>;
}

/** How a connection resumes at the position where the last one ended. */
export interface ResumeArgs {
  /** @default "last-event-id" */
  kind?: ResumeKind;
  /** Header or query parameter for the position. Required by `query` and `header`. */
  name?: string;
  /** JSON pointer (RFC 6901) to the position in an event's data, `/clk`. Required by `message`. Absent: the SSE id. */
  pointer?: string;
  /** What is sent: text with `{position}`, such as `[{position}]`. Absent: the position. */
  template?: string;
  /** SSE types of the events that have a position; other events leave it as it is. Absent: every event. */
  types?: string[];
  /** True: events that `source.on` ignores leave the position as it is. @default false */
  skipIgnored?: boolean;
}

/**
 * What an event says about its stream. All conditions that are given must hold; the first rule that matches decides. The event
 * is counted as ignored and not stored. After every action but `ignore`, what follows on that connection is not read.
 */
export interface ControlRuleArgs {
  /** SSE event type, `keep-alive`. */
  type?: string;
  /** The whole data of the event, `[DONE]`. */
  text?: string;
  /** JSON pointer (RFC 6901) into the data, `/object/code`. Without `equals`, any value but null matches. */
  pointer?: string;
  /** Value at the pointer: a string, number, boolean or null. */
  // biome-ignore lint/suspicious/noExplicitAny: Pulumi's analyzer knows neither unions of types nor unknown.
  equals?: any;
  /**
   * `ignore`: a heartbeat. `lose-position`: connect again without the stored position. `reconnect`: connect again.
   * `refresh-credential`: read the secret again, then connect. `complete`: the stream is complete. `fail`: the stream failed, and
   * stays down until it is started again.
   */
  action: ControlAction;
}

/** How a WebSocket is opened and kept alive. For a `source.url` that begins with `wss:`. */
export interface WebSocketArgs {
  /** Subprotocols to offer, in order of preference. @default [] */
  subprotocols?: string[];
  /**
   * Messages to send after the WebSocket opens, such as subscriptions, in this order. `{streamId}`, `{key}` and `{position}` are
   * replaced; each value is escaped as part of a JSON string, and absent ones are empty. Stored as secrets. @default []
   * @example ['{"op":"subscribe","channel":"book.{streamId}","token":"{key}"}']
   */
  messages?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Seconds between two pings, 0..840. The connection counts as dead when nothing arrives from one ping to the next. 0 = no
   * pings. @default 30
   */
  pingIntervalSeconds?: number;
  /** Text message to send as the ping, for upstreams that expect one, `{"op":"ping"}`. @default none: a ping frame */
  pingMessage?: string;
  /** Offers permessage-deflate: fewer bytes, for more CPU of the relay per message. @default false */
  compression?: boolean;
}

/** The upstream. URL, path, key and the values of headers and query live in one Secrets Manager secret ($0.40 a month). */
export interface SourceArgs {
  /**
   * Origin of the upstream, `https://stream.example.com`; `wss://` for a WebSocket. A user and password in it are sent as Basic authentication. With a
   * credential, http is refused unless the host is this machine: see `allowInsecureHttp`. Stored as a secret, given plain or not.
   * Required without `secretArn`.
   */
  url?: pulumi.Input<string>;
  /**
   * Path on the origin. `{streamId}` in it is replaced by the stream's encoded id; the placeholder also works in `query`, `headers`
   * and `body`. Without it, the deployment has one stream. Stored as a secret. Required without `secretArn`.
   */
  path?: pulumi.Input<string>;
  /**
   * ARN of an existing secret instead of `url`, `path`, `key`, `headers`, `query`, `body`, `tls`, `proxy` and `webSocket.messages`: JSON such as
   * `{"url": "https://stream.example.com", "path": "/v1", "key": "…"}`. The component reads it and never changes it, so its rotation
   * is yours: each hop reads the current version. Under a key of yours, allow it in `account.extraStatements`. @default a new secret
   */
  secretArn?: pulumi.Input<string>;
  /** Credential. Stored as a secret; absent = the upstream is open. */
  key?: pulumi.Input<string>;
  /**
   * How the body is cut into events: `sse`; `lines`, one event per line; `json`, one event per JSON value, also where values span
   * lines, follow each other without a separator or are the elements of one endless array; `json-seq`, JSON values after record
   * separators (RFC 7464). @default "auto" (by content type)
   */
  format?: SourceFormat;
  /** How the key travels. @default { kind: "bearer" } */
  auth?: AuthArgs;
  /** Headers sent with every request. Values are stored as secrets. */
  headers?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Query parameters sent with every request. Values are stored as secrets. */
  query?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Method of the request. With POST and PUT, `end` must say what the end of the response means. @default "GET" */
  method?: SourceMethod;
  /**
   * Body of the request: JSON or text. `{streamId}` is replaced, and `{position}` with `resume.kind` `body`. In JSON, they are replaced
   * inside strings, and a member with `{position}` is left out while there is no position. Stored as a secret.
   */
  body?: pulumi.Input<string>;
  /** Client credentials for `auth.kind` `oauth2`. */
  oauth2?: OAuth2Args;
  /** Private authority and client certificate. */
  tls?: TlsArgs;
  /** URL of an HTTP proxy, `http://user:password@proxy.example:3128`. Stored as a secret. Not with `http2`. */
  proxy?: pulumi.Input<string>;
  /** Uses HTTP/2, for servers without HTTP/1.1. Takes about 4 MB of memory. @default false */
  http2?: boolean;
  /**
   * Accepts a compressed response (gzip, br, zstd): less traffic, and more CPU. Servers that compress without flushing withhold
   * events; when a compressed connection delivers nothing for `idleTimeoutSeconds`, the stream continues without. @default false
   */
  compression?: boolean;
  /** Sends the credential over http, readable for every network on the way. @default false */
  allowInsecureHttp?: boolean;
  /** How a connection resumes where the last one ended. @default { kind: "last-event-id" } */
  resume?: ResumeArgs;
  /** Seconds without a byte after which a connection counts as dead, 1..840. Heartbeats are bytes. @default 60 */
  idleTimeoutSeconds?: number;
  /**
   * Events that say something about the stream, such as heartbeats, an error inside a 200 response, or the last event.
   * @default []
   * @example [{ pointer: "/type", equals: "HEARTBEAT", action: "ignore" }, { text: "[DONE]", action: "complete" }]
   */
  on?: ControlRuleArgs[];
  /** What it means when the upstream ends its response: `reconnect`, or `complete` for a stream that has an end. @default "reconnect" */
  end?: SourceEnd;
  /** How a WebSocket is opened and kept alive. Each message that it brings is one event. */
  webSocket?: WebSocketArgs;
}

/** The code that every new event goes through. */
export interface ProcessorArgs {
  /**
   * Path of a TypeScript, JavaScript or Python file that exports `handler`; bundled at deploy with what it imports. Relative to
   * the program's folder. One of `entry`, `code` and `functionArn` is required.
   */
  entry?: string;
  /**
   * Code that is ready to run, such as `new pulumi.asset.FileArchive("./build")`: uploaded as it is. With `eachEvent` and
   * `eachBatch` inside, or with code that answers `batchItemFailures`.
   */
  code?: pulumi.Input<pulumi.asset.Archive>;
  /** Handler of `code`, as Lambda writes it: `file.function`. @default "index.handler" */
  handler?: string;
  /**
   * Lambda runtime: `nodejs22.x` or `nodejs24.x`; for a Python entry `python3.11`..`python3.14`; for `code` any that Lambda has.
   * @default "nodejs24.x" ("python3.14" for a Python entry)
   */
  runtime?: string;
  /** Instruction set. `x86_64` costs 25 % more a GB-second; some native packages need it. @default "arm64" */
  architecture?: Architecture;
  /** How `entry` is bundled, in esbuild's words. JavaScript and TypeScript only. */
  bundle?: BundleArgs;
  /**
   * Packages that are installed beside the bundle instead of inside it, for native addons such as `["sharp"]`: in the versions of
   * the project's lockfile, for Linux and `architecture`, without install scripts. Needs npm at deploy. For a Python entry: what
   * pip installs, each with its version, `["requests==2.32.3"]`. @default []
   */
  install?: string[];
  /** Files and folders that the code reads at run time. @default [] */
  copy?: CopyArgs[];
  /** An existing function instead of a file. Where it uses `eachEvent` or `eachBatch`, its `STREAM_INGESTION_BUCKET` must be the bucket's name. Its role brings the rights to write logs itself. */
  functionArn?: pulumi.Input<string>;
  /** Role of that function: the event source mapping reads with it, so the component attaches its policy there. Absent: attach the output `processorPolicyJson` yourself first. */
  roleName?: pulumi.Input<string>;
  /** MB, 128..10240. @default 256 */
  memorySize?: number;
  /** Seconds, 1..900. @default 60 */
  timeoutSeconds?: number;
  /** Environment of the processor. Kept secret in state; readable in AWS by whoever may read the function's configuration. */
  environment?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** What the processor may do besides reading its events. */
  policyStatements?: pulumi.Input<pulumi.Input<PolicyStatementArgs>[]>;
  /** Events a batch, 1..10000. @default 100 */
  batchSize?: number;
  /** Packages left out of the bundle. @default [] */
  externals?: string[];
}

/** Options of esbuild: https://esbuild.github.io/api/. */
export interface BundleArgs {
  /** Module format. @default "cjs", and "esm" where the code awaits at its top level */
  format?: BundleFormat;
  /** How files are read, by their ending: `{ ".sql": "text", ".wasm": "binary" }`. @default {} */
  loader?: Record<string, string>;
  /** Expressions that are replaced by others: `{ "process.env.STAGE": "\"prod\"" }`. @default {} */
  define?: Record<string, string>;
  /** Packages that are replaced by others: `{ "pg-native": "./no-pg-native.js" }`. @default {} */
  alias?: Record<string, string>;
  /** JavaScript in front of the bundle. @default "" */
  banner?: string;
  /** Shortens the code; stack traces name your files either way. @default true */
  minify?: boolean;
  /** Fields of a package.json without `exports` that name its entry, the first found wins. @default ["main", "module"] */
  mainFields?: string[];
  /** Conditions in a package.json's `exports` that apply, in addition to `node`, `import`, `require` and `default`. @default [] */
  conditions?: string[];
  /** Level of single warnings, by id: `{ "empty-import-meta": "silent" }` accepts what would refuse the deploy. @default {} */
  logOverride?: Record<string, string>;
}

/** A file or folder beside the bundle. */
export interface CopyArgs {
  /** Path from the program's folder. */
  from: string;
  /** Path in the function's folder. @default the path from the entry's folder, so that `import.meta.dirname` finds it as before */
  to?: string;
}

/** One Allow. */
export interface PolicyStatementArgs {
  /** `dynamodb:PutItem` */
  actions: string[];
  /** ARNs. */
  resources: pulumi.Input<string>[];
}

/** How streams are carried. */
export interface RelayArgs {
  /** How one hop follows another. @default "auto": overlap, and break where the upstream refuses a second connection */
  handover?: Handover;
  /** MB of the connection manager, 128..10240. It runs all the time: 256 MB of arm64 is $8.76 a month. @default 256 */
  memorySize?: number;
  /** Streams that share one invocation, 1..100: cheaper for many quiet streams, and one slow stream slows the others. @default 1 */
  streamsPerHop?: number;
  /** Concurrent executions kept for the connection manager: twice the concurrent hops plus one, so at least 3; 0 stops every stream. @default none: the account's pool */
  reservedConcurrency?: number;
  /**
   * `allow`: Lambda lets the chain of hops continue for ever. `none`: for regions without that setting, such as GovCloud. A hop then counts
   * its place in the chain, and the watchdog starts a new chain before Lambda would stop the old one. @default "allow"
   */
  recursion?: Recursion;
}

/** What makes two events one: only the first is processed. `arrival` switches that off. */
export interface IdentityArgs {
  /** @default "content" */
  kind?: IdentityKind;
  /** JSON pointer to the field that names an event. Required by `pointer`. */
  pointer?: string;
}

/** How events are told apart, filtered and kept. */
export interface EventsArgs {
  /** What makes two events one. @default { kind: "content" } */
  identity?: IdentityArgs;
  /** Days an event stays in the table, 1..3650; also the window of de-duplication. @default 7 */
  ttlDays?: number;
  /** Larger events are refused, counted and logged, 1024..104857600. @default 1048576 */
  maxEventBytes?: number;
  /** Partition keys a stream is spread over: 1, 4 or 16. Each takes 1,000 writes/s at once. @default 1 */
  slices?: number;
  /**
   * Name of an existing event table, such as one that an earlier destroy left: keys `streamId` and `key`, a stream of new images, TTL on
   * the attribute `ttl`. The component reads its description and never changes or deletes the table. Leave it set afterwards: without
   * it the next `up` creates a table. @default a new table
   */
  table?: pulumi.Input<string>;
}

/** Where the state of streams is kept. */
export interface ConnectionsArgs {
  /** Name of an existing connection table: key `streamId`. Never changed or deleted. Leave it set afterwards. @default a new table */
  table?: pulumi.Input<string>;
}

/** The connection API. Every call is signed, whatever is set here. */
export interface ApiArgs {
  /** `iam-and-api-key` asks for an API key besides. @default "iam": requests signed with SigV4 */
  authorization?: Authorization;
  /** CIDR ranges outside of which every call is denied. @default every address, still signed */
  allowedCidrs?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * One log line for each request in a log group, errors in API Gateway's own log, and metrics for each method. Needs the account's
   * CloudWatch role for API Gateway (`aws.apigateway.Account`), one setting for the account and region, which the component never
   * changes. @default false
   */
  accessLogs?: boolean;
  /** Reachable from a VPC alone. Changing this replaces no resource; `apiUrl` stays. @default a public API, signed */
  privateApi?: PrivateApiArgs;
}

/** Where a private API is reachable from: `vpcEndpointIds`, or `vpcId` with `subnetIds` and `securityGroupIds`. */
export interface PrivateApiArgs {
  /** Existing interface endpoints for `execute-api`. */
  vpcEndpointIds?: pulumi.Input<pulumi.Input<string>[]>;
  /** VPC that gets a new endpoint: about $7.30 a month for each subnet, and $0.01 a GB. */
  vpcId?: pulumi.Input<string>;
  /** Subnets of the new endpoint, one for each availability zone. */
  subnetIds?: pulumi.Input<pulumi.Input<string>[]>;
  /** Security groups of the new endpoint; they let callers in on port 443. */
  securityGroupIds?: pulumi.Input<pulumi.Input<string>[]>;
}

/** Alarms: no live lease, failed streams, events that the processor failed, gave up or lost, its lag, hop rate. */
export interface AlarmsArgs {
  /** SNS topic that alarms go to. Without it they are only shown. */
  topicArn?: pulumi.Input<string>;
}

/** Where the connection manager's traffic leaves from: `subnetIds` with `securityGroupIds`, or `fixedEgress`. */
export interface NetworkArgs {
  /** Existing subnets. They need a way to the upstream and to DynamoDB, S3, Lambda and Secrets Manager. */
  subnetIds?: pulumi.Input<pulumi.Input<string>[]>;
  /** Existing security groups; outbound 443 is what is needed. */
  securityGroupIds?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Makes a small VPC with one NAT gateway and one Elastic IP, for upstreams that allow-list addresses: see the output `egressIps`.
   * Needs the package `@pulumi/awsx`. About $33 a month, and $0.045 a GB. @default false
   */
  fixedEgress?: boolean;
  /**
   * Functions in the VPC: `relay` is the connection manager, `all` includes the connection API, the watchdog and the processor. Their
   * traffic to AWS then needs VPC endpoints or a NAT gateway. @default "relay"
   */
  functions?: NetworkFunctions;
}

/** Additional IAM statements for the component's own functions. The processor's are `processor.policyStatements`. */
export interface ExtraStatementsArgs {
  /** @default none */
  connectionManager?: pulumi.Input<pulumi.Input<PolicyStatementArgs>[]>;
  /** @default none */
  connectionApi?: pulumi.Input<pulumi.Input<PolicyStatementArgs>[]>;
  /** @default none */
  watchdog?: pulumi.Input<pulumi.Input<PolicyStatementArgs>[]>;
}

/** What an account or a company requires of every resource. */
export interface AccountArgs {
  /**
   * ARN of a symmetric customer managed KMS key for tables, secret, bucket, log groups and the functions' environment. Each role
   * is granted its use. The key's policy must allow your account's IAM policies, and CloudWatch Logs for this account's log
   * groups: see docs/operating.md. About $1 a month, and $0.03 for 10,000 requests. @default keys that AWS owns, at no cost
   */
  kmsKeyArn?: pulumi.Input<string>;
  /** ARN of the policy that bounds the permissions of every role. @default none */
  permissionsBoundary?: pulumi.Input<string>;
  /** IAM path of every role, such as `/teams/data/`. Changing it replaces the roles. @default "/" */
  rolePath?: string;
  /** Days that logs are kept: a number of days that CloudWatch Logs accepts, 1..3653; 0 keeps them. @default 30 */
  logRetentionDays?: number;
  /** X-Ray traces of the functions and of the API. $5 for a million traces; one hop is one trace. @default false */
  tracing?: boolean;
  /** DynamoDB refuses to delete the tables. Turn it off with one `pulumi up` before a `destroy` with `removal: "delete"`. @default false */
  deletionProtection?: boolean;
  /** @default none */
  extraStatements?: ExtraStatementsArgs;
}

/** Arguments of a `StreamIngestion`. Only `source` and `processor` are required. */
export interface StreamIngestionArgs {
  /** The upstream. */
  source: SourceArgs;
  /** The code that every new event goes through. */
  processor: ProcessorArgs;
  /** Streams that run as long as they are listed. Others are started through the API. @default [] */
  streams?: pulumi.Input<pulumi.Input<string>[]>;
  /** How streams are carried. */
  relay?: RelayArgs;
  /** How events are told apart, filtered and kept. */
  events?: EventsArgs;
  /** Where the state of streams is kept. */
  connections?: ConnectionsArgs;
  /**
   * Name of an existing bucket for oversize events and failures. Its policy, lifecycle and encryption stay as they are, and it is
   * never emptied or deleted. Leave it set afterwards. @default a new bucket: private, TLS only, oversize events expire
   */
  bucket?: pulumi.Input<string>;
  /** Who may call the connection API. */
  api?: ApiArgs;
  /** Alarms and a dashboard are on; this says who is told. Seven alarms cost $0.70 a month. */
  alarms?: AlarmsArgs;
  /** Puts the connection manager, or every function, into a VPC. @default no VPC */
  network?: NetworkArgs;
  /** What an account or a company requires of every resource. */
  account?: AccountArgs;
  /**
   * Name of the dashboard and value of the metrics' dimension, 1..255 letters, digits, hyphens and underscores. Set it where two
   * organisations deploy the same project and stack name into one account. @default PROJECT-STACK-NAME
   */
  deploymentName?: string;
  /**
   * `retain`: `pulumi destroy` leaves tables, bucket and secret in the account. `delete` removes them with everything in them;
   * run one `pulumi up` with it before the `destroy`. @default "retain"
   */
  removal?: Removal;
  /** Tags of every child that can bear tags. */
  tags?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/**
 * Changes a child's arguments last: values to merge (maps merge deeply, lists are replaced), or a function of the arguments and
 * the child's Pulumi name, which returns other arguments or changes those it receives.
 */
export type Transform<T> = Partial<T> | ((args: T, name: string) => T) | ((args: T, name: string) => void);

/** The children that can be transformed. A plural applies to every child of that kind, before the child's own transform. */
export interface Transforms {
  alarms?: Transform<aws.cloudwatch.MetricAlarmArgs>;
  apiKey?: Transform<aws.apigateway.ApiKeyArgs>;
  asyncSettings?: Transform<aws.lambda.FunctionEventInvokeConfigArgs>;
  bucket?: Transform<aws.s3.BucketArgs>;
  bucketEncryption?: Transform<aws.s3.BucketServerSideEncryptionConfigurationArgs>;
  bucketLifecycle?: Transform<aws.s3.BucketLifecycleConfigurationArgs>;
  bucketPolicy?: Transform<aws.s3.BucketPolicyArgs>;
  bucketPublicAccessBlock?: Transform<aws.s3.BucketPublicAccessBlockArgs>;
  connectionApi?: Transform<aws.lambda.FunctionArgs>;
  connectionManager?: Transform<aws.lambda.FunctionArgs>;
  connectionTable?: Transform<aws.dynamodb.TableArgs>;
  dashboard?: Transform<aws.cloudwatch.DashboardArgs>;
  declaredRow?: Transform<aws.dynamodb.TableItemArgs>;
  deployment?: Transform<aws.apigateway.DeploymentArgs>;
  /** Arguments of `awsx.ec2.Vpc`, under `network.fixedEgress`. */
  egressVpc?: Transform<object>;
  eventProcessor?: Transform<aws.lambda.FunctionArgs>;
  eventTable?: Transform<aws.dynamodb.TableArgs>;
  functions?: Transform<aws.lambda.FunctionArgs>;
  integrations?: Transform<aws.apigateway.IntegrationArgs>;
  logGroups?: Transform<aws.cloudwatch.LogGroupArgs>;
  mapping?: Transform<aws.lambda.EventSourceMappingArgs>;
  methods?: Transform<aws.apigateway.MethodArgs>;
  methodSettings?: Transform<aws.apigateway.MethodSettingsArgs>;
  permission?: Transform<aws.lambda.PermissionArgs>;
  policies?: Transform<aws.iam.RolePolicyArgs>;
  recursion?: Transform<aws.lambda.FunctionRecursionConfigArgs>;
  resources?: Transform<aws.apigateway.ResourceArgs>;
  restApi?: Transform<aws.apigateway.RestApiArgs>;
  restApiPolicy?: Transform<aws.apigateway.RestApiPolicyArgs>;
  roles?: Transform<aws.iam.RoleArgs>;
  schedule?: Transform<aws.scheduler.ScheduleArgs>;
  secret?: Transform<aws.secretsmanager.SecretArgs>;
  secretVersion?: Transform<aws.secretsmanager.SecretVersionArgs>;
  securityGroup?: Transform<aws.ec2.SecurityGroupArgs>;
  stage?: Transform<aws.apigateway.StageArgs>;
  usagePlan?: Transform<aws.apigateway.UsagePlanArgs>;
  usagePlanKey?: Transform<aws.apigateway.UsagePlanKeyArgs>;
  vpcEndpoint?: Transform<aws.ec2.VpcEndpointArgs>;
  watchdog?: Transform<aws.lambda.FunctionArgs>;
}

/** Pulumi's own options, and the escape hatch. */
export interface StreamIngestionOptions extends pulumi.ComponentResourceOptions {
  /** Changes what single children are made with. */
  transform?: Transforms;
}
