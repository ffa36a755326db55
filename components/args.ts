import type * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

/** How the response body is split into events. Use a constant, `SourceFormat.sse`, or its value, `"sse"`. */
export const SourceFormat = { auto: "auto", sse: "sse", lines: "lines", json: "json", jsonSeq: "json-seq" } as const;
export type SourceFormat = (typeof SourceFormat)[keyof typeof SourceFormat];

/** What an event that matches a rule of `source.on` means for the stream. */
export const ControlAction = {
  ignore: "ignore",
  losePosition: "lose-position",
  reconnect: "reconnect",
  refreshCredential: "refresh-credential",
  complete: "complete",
  fail: "fail",
} as const;
export type ControlAction = (typeof ControlAction)[keyof typeof ControlAction];

/** What the end of the upstream's response means for the stream. */
export const SourceEnd = { reconnect: "reconnect", complete: "complete" } as const;
export type SourceEnd = (typeof SourceEnd)[keyof typeof SourceEnd];

/** Where the request carries the credential. */
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

/** Where the request carries the stored position. */
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

/** What identifies an event. Events with the same identity are one event. */
export const IdentityKind = { content: "content", sseId: "sse-id", pointer: "pointer", arrival: "arrival" } as const;
export type IdentityKind = (typeof IdentityKind)[keyof typeof IdentityKind];

/** Method of the request. */
export const SourceMethod = { get: "GET", post: "POST", put: "PUT" } as const;
export type SourceMethod = (typeof SourceMethod)[keyof typeof SourceMethod];

/** How an OAuth 2.0 client authenticates at the token endpoint. */
export const OAuth2ClientAuth = { basic: "basic", post: "post" } as const;
export type OAuth2ClientAuth = (typeof OAuth2ClientAuth)[keyof typeof OAuth2ClientAuth];

/** How events become items of the event table. */
export const EventStorage = { each: "each", packed: "packed" } as const;
export type EventStorage = (typeof EventStorage)[keyof typeof EventStorage];

/** How DynamoDB bills the event table. */
export const BillingMode = { onDemand: "on-demand", provisioned: "provisioned" } as const;
export type BillingMode = (typeof BillingMode)[keyof typeof BillingMode];

/** How one hop hands a stream over to the next. */
export const Handover = { auto: "auto", overlap: "overlap", break: "break" } as const;
export type Handover = (typeof Handover)[keyof typeof Handover];

/** What `pulumi destroy` does with tables, bucket and secret. */
export const Removal = { retain: "retain", delete: "delete" } as const;
export type Removal = (typeof Removal)[keyof typeof Removal];

/** Which functions `network` applies to. */
export const NetworkFunctions = { relay: "relay", all: "all" } as const;
export type NetworkFunctions = (typeof NetworkFunctions)[keyof typeof NetworkFunctions];

/** How the chain of hops deals with Lambda's detection of recursive loops. */
export const Recursion = { allow: "allow", none: "none" } as const;
export type Recursion = (typeof Recursion)[keyof typeof Recursion];

/** How callers of the connection API authenticate. */
export const Authorization = { iam: "iam", iamAndApiKey: "iam-and-api-key" } as const;
export type Authorization = (typeof Authorization)[keyof typeof Authorization];

/** How the request carries the credential. */
export interface AuthArgs {
  /**
   * `bearer`: `source.key` in the header `Authorization: Bearer`. `header` and `query`: the key in the header or query parameter
   * `name`. `basic`: the key is `user:password`. `oauth2`: the key is the client's secret, see `source.oauth2`. `aws-sigv4`:
   * requests are signed with the connection manager's role, which needs the upstream's action in
   * `account.extraStatements.connectionManager`, such as `execute-api:Invoke`. `none`: the key is not sent.
   * @default "bearer"
   */
  kind?: AuthKind;
  /** Name of the header or query parameter for the key. Required by `header` and `query`. */
  name?: string;
  /** Service name in the signature, such as `execute-api`. Required by `aws-sigv4`. */
  service?: string;
  /** Region in the signature of `aws-sigv4`. By default, the region of the connection manager. */
  region?: string;
}

/**
 * OAuth 2.0 client credentials (RFC 6749, section 4.4). The token is cached, replaced before it expires and after a 401, and
 * shared by the streams of one invocation. The token request uses the source's `tls` and `proxy`.
 */
export interface OAuth2Args {
  /** URL of the token endpoint, https. Always stored as a secret. Required without `secretArn`. */
  tokenUrl?: pulumi.Input<string>;
  /** Client id. The client's secret is `source.key`. Always stored as a secret. Required without `secretArn`. */
  clientId?: pulumi.Input<string>;
  /** Scopes, separated by spaces. */
  scope?: string;
  /** Parameter `audience`, which some token endpoints require. */
  audience?: string;
  /**
   * `basic`: client id and secret in the header `Authorization`, form-encoded as RFC 6749 requires. `post`: in the body, also for token
   * endpoints that do not decode the header.
   * @default "basic"
   */
  clientAuth?: OAuth2ClientAuth;
}

/** Certificates for TLS, in PEM format. Always stored as secrets. */
export interface TlsArgs {
  /** Certificates of the authorities to trust, instead of the public ones. By default, Node's certificates. */
  ca?: pulumi.Input<string>;
  /** Client certificate with its chain. Requires `key`. */
  cert?: pulumi.Input<string>;
  /** Private key of the client certificate. */
  key?: pulumi.Input<string>;
}

/** How a new connection resumes after the last stored event. */
export interface ResumeArgs {
  /**
   * `last-event-id`: the SSE id in the header `Last-Event-ID`. `query` and `header`: the position in the query parameter or header
   * `name`. `body` and `message`: the position replaces `{position}` in `source.body` or in a WebSocket message. `none`: every
   * connection starts from now, and events between two connections are lost.
   * @default "last-event-id"
   */
  kind?: ResumeKind;
  /** Name of the query parameter or header for the position. Required by `query` and `header`. */
  name?: string;
  /** JSON pointer (RFC 6901) to the position in an event's data, such as `/clk`. Required by `message`. By default, the SSE id. */
  pointer?: string;
  /** Text to send, with `{position}`, such as `[{position}]`. By default, the position. */
  template?: string;
  /** SSE types of the events that have a position. Other events do not change the position. By default, every event has one. */
  types?: string[];
  /**
   * Whether events that `source.on` ignores do not change the position.
   * @default false
   */
  skipIgnored?: boolean;
}

/**
 * A rule for events that control the stream. An event matches when all given conditions are true, and the first matching rule
 * applies. A matching event is counted as ignored and not stored. After every action except `ignore`, the rest of the connection
 * is not read.
 */
export interface ControlRuleArgs {
  /** SSE event type, such as `keep-alive`. */
  type?: string;
  /** The complete data of the event, such as `[DONE]`. */
  text?: string;
  /** JSON pointer (RFC 6901) into the data, such as `/object/code`. Without `equals`, any value except null matches. */
  pointer?: string;
  /** Value at `pointer`: a string, number, boolean or null. */
  // biome-ignore lint/suspicious/noExplicitAny: Pulumi's analyzer supports neither unions of types nor unknown.
  equals?: any;
  /**
   * `ignore`: the event is a heartbeat. `lose-position`: reconnect without the stored position. `reconnect`: reconnect.
   * `refresh-credential`: read the secret again and reconnect. `complete`: the stream is complete. `fail`: the stream fails and
   * stays down until it is started again.
   */
  action: ControlAction;
}

/** How a WebSocket is opened and kept alive. Used when `source.url` starts with `wss:` or `ws:`. */
export interface WebSocketArgs {
  /**
   * Subprotocols to offer, in order of preference.
   * @default []
   */
  subprotocols?: string[];
  /**
   * Messages to send in this order after the WebSocket opens, such as subscriptions. `{streamId}`, `{key}` and `{position}` are
   * replaced: each value is escaped as part of a JSON string, and a missing value is empty. Always stored as secrets.
   * @default []
   * @example ['{"op":"subscribe","channel":"book.{streamId}","token":"{key}"}']
   */
  messages?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Time between two pings in seconds: 0..840. 0 sends no pings. The relay reconnects when nothing arrives between two pings.
   * @default 30
   */
  pingIntervalSeconds?: number;
  /**
   * Text message to send as the ping, for upstreams that require one, such as `{"op":"ping"}`.
   * @default none: a ping frame
   */
  pingMessage?: string;
  /**
   * Whether to offer permessage-deflate. Compression needs fewer bytes and more CPU of the relay per message.
   * @default false
   */
  compression?: boolean;
}

/**
 * The upstream. URL, path, key, headers and query are stored in one Secrets Manager secret, which costs $0.40 per month. Each hop
 * reads the secret, so a rotation needs no deployment.
 */
export interface SourceArgs {
  /**
   * Origin of the upstream without query, such as `https://stream.example.com`, or `wss://stream.example.com` for a WebSocket. A user
   * and password in it are sent as Basic authentication. With a credential, http is refused unless the host is this machine; see
   * `allowInsecureHttp`. Always stored as a secret. Required without `secretArn`.
   */
  url?: pulumi.Input<string>;
  /**
   * Path on the origin, starting with `/`. `{streamId}` is replaced by the encoded stream id, also in `query`, `headers` and `body`.
   * Without it, the deployment has one stream. Always stored as a secret. Required without `secretArn`.
   */
  path?: pulumi.Input<string>;
  /**
   * ARN of an existing secret to use instead of `url`, `path`, `key`, `headers`, `query`, `body`, `tls`, `proxy`, `webSocket.messages`,
   * `oauth2.tokenUrl` and `oauth2.clientId`: JSON such as `{"url": "https://stream.example.com", "path": "/v1", "key": "…"}`, see
   * docs/operating.md. The component reads it and never changes it, and each hop reads its current version. If your own KMS key
   * encrypts it, allow the key in `account.extraStatements`.
   * @default a new secret
   */
  secretArn?: pulumi.Input<string>;
  /** Credential of the upstream. Always stored as a secret. Omit it for an upstream without authentication. */
  key?: pulumi.Input<string>;
  /**
   * How the response body is split into events. `sse`: server-sent events. `lines`: one event per line. `json`: one event per JSON
   * value, also when values span lines, follow each other without a separator or are the elements of one endless array.
   * `json-seq`: JSON values after record separators (RFC 7464).
   * @default "auto" (by content type)
   */
  format?: SourceFormat;
  /**
   * Where the request carries the key.
   * @default { kind: "bearer" }
   */
  auth?: AuthArgs;
  /** Headers sent with every request. The values are stored as secrets. */
  headers?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Query parameters sent with every request. The values are stored as secrets. */
  query?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /**
   * Method of the request. With POST and PUT, set `end` to what the end of the response means.
   * @default "GET"
   */
  method?: SourceMethod;
  /**
   * Body of the request: JSON or text. `{streamId}` is replaced, and `{position}` with `resume.kind` set to `body`. In JSON, they are
   * replaced inside strings, and a member with `{position}` is omitted while there is no position. Always stored as a secret.
   */
  body?: pulumi.Input<string>;
  /** Client credentials for `auth.kind` `oauth2`. */
  oauth2?: OAuth2Args;
  /** Private authority and client certificate. */
  tls?: TlsArgs;
  /** URL of an HTTP proxy, such as `http://user:password@proxy.example:3128`. Always stored as a secret. Not with `http2`. */
  proxy?: pulumi.Input<string>;
  /**
   * Whether to use HTTP/2, for servers without HTTP/1.1. It needs about 4 MB of memory.
   * @default false
   */
  http2?: boolean;
  /**
   * Whether to accept a compressed response (gzip, br, zstd). Compression means less traffic and more CPU. A server that compresses
   * without flushing delays events; when a compressed connection delivers nothing for `idleTimeoutSeconds`, the stream continues
   * without compression.
   * @default false
   */
  compression?: boolean;
  /**
   * Whether to send the credential over http, where every network on the way can read it.
   * @default false
   */
  allowInsecureHttp?: boolean;
  /**
   * How a new connection resumes after the last stored event.
   * @default { kind: "last-event-id" }
   */
  resume?: ResumeArgs;
  /**
   * Time without a byte after which the relay closes a connection and reconnects, in seconds: 1..840. Heartbeats count. A value
   * below the upstream's heartbeat interval causes needless reconnects.
   * @default 60
   */
  idleTimeoutSeconds?: number;
  /**
   * Rules for events that control the stream, such as heartbeats, an error inside a response with status 200, or the last event.
   * @default []
   * @example [{ pointer: "/type", equals: "HEARTBEAT", action: "ignore" }, { text: "[DONE]", action: "complete" }]
   */
  on?: ControlRuleArgs[];
  /**
   * What the end of the upstream's response means: `reconnect`, or `complete` for a stream that has an end. The end of a response with
   * neither a length nor chunked encoding looks like a lost connection, and never completes a stream: use a rule of `on`.
   * @default "reconnect"
   */
  end?: SourceEnd;
  /** How a WebSocket is opened and kept alive. Each message from the upstream is one event. */
  webSocket?: WebSocketArgs;
  /**
   * Connections that the upstream allows at a time, of all streams of this deployment together: 1..10000. Each stream needs one, and
   * what is left allows handovers to overlap. A handover that finds none left is a break: a short gap. A stream beyond the limit is
   * refused. Each overlap costs two more writes and a read of the whole connection table. By
   * default there is no limit.
   */
  maxConnections?: number;
}

/** The code that processes every new event. */
export interface ProcessorArgs {
  /**
   * Path of a TypeScript, JavaScript or Python file that exports `handler`, relative to the program's folder. The file and its
   * imports are bundled at every deployment. Set one of `entry`, `code` and `functionArn`.
   */
  entry?: string;
  /**
   * Code that is ready to run, such as `new pulumi.asset.FileArchive("./build")`. It is uploaded unchanged. It must use `eachEvent`
   * or `eachBatch`, or return `batchItemFailures`.
   */
  code?: pulumi.Input<pulumi.asset.Archive>;
  /**
   * Handler of `code`, in Lambda's format `file.function`.
   * @default "index.handler"
   */
  handler?: string;
  /**
   * Lambda runtime. For a JavaScript or TypeScript entry: `nodejs22.x` or `nodejs24.x`. For a Python entry: `python3.11` to
   * `python3.14`. For `code`: any runtime of Lambda.
   * @default "nodejs24.x" ("python3.14" for a Python entry)
   */
  runtime?: string;
  /**
   * Instruction set of the function. `x86_64` costs 25 % more per GB-second; some native packages need it.
   * @default "arm64"
   */
  architecture?: Architecture;
  /** Options of esbuild for a JavaScript or TypeScript `entry`. */
  bundle?: BundleArgs;
  /**
   * Packages to install next to the bundle instead of bundling them, such as `["sharp"]` with its native addon. They have the
   * versions of the project's lockfile (npm's) or the installed versions (pnpm, Yarn, Bun), and are installed for Linux and
   * `architecture`, without install scripts. This needs npm at deployment. For a Python entry: requirements for pip with versions, such as `["requests==2.32.3"]`.
   * @default []
   */
  install?: string[];
  /**
   * Files and folders that the code reads at run time.
   * @default []
   */
  copy?: CopyArgs[];
  /**
   * ARN of an existing function to use instead of a file. If it uses `eachEvent` or `eachBatch`, set its environment variable
   * `STREAM_INGESTION_BUCKET` to the name of the bucket. Its role must allow it to write logs.
   */
  functionArn?: pulumi.Input<string>;
  /**
   * Name of the existing function's role. The event source mapping reads the table's stream with this role, so the component
   * attaches a policy to it. Without `roleName`, attach the output `processorPolicyJson` to the role before you deploy.
   */
  roleName?: pulumi.Input<string>;
  /**
   * Memory of the processor in MB: 128..10240. Lambda allocates CPU, and charges, in proportion to memory.
   * @default 256
   */
  memorySize?: number;
  /**
   * Timeout of one invocation in seconds: 1..900. Handlers are aborted 0.5 to 5 seconds earlier, so that failures can be stored.
   * @default 60
   */
  timeoutSeconds?: number;
  /**
   * Environment variables of the processor. They are encrypted in Pulumi's state, but everyone who may read the function's
   * configuration in AWS can read them.
   */
  environment?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** IAM statements for the processor's role, in addition to reading its events and storing failures. */
  policyStatements?: pulumi.Input<pulumi.Input<PolicyStatementArgs>[]>;
  /**
   * Maximum number of events per invocation: 1..10000. A larger batch needs fewer invocations and more time per invocation.
   * @default 100
   */
  batchSize?: number;
  /**
   * Maximum number of batches that are processed at the same time per shard of the table's stream: 1..10. With more than 1, a lagging
   * processor catches up, and the events of one stream are no longer processed in order.
   * @default 1
   */
  parallelizationFactor?: number;
  /**
   * Time that Lambda waits to fill a batch, in seconds: 0..300. Longer means fewer invocations, later.
   * @default 0
   */
  maximumBatchingWindowSeconds?: number;
  /**
   * Packages that are not bundled. The code must run without them, or find them in the Lambda runtime.
   * @default []
   */
  externals?: string[];
}

/** Options of esbuild: https://esbuild.github.io/api/. */
export interface BundleArgs {
  /**
   * Module format.
   * @default "cjs" ("esm" when the code uses top-level await)
   */
  format?: BundleFormat;
  /**
   * Loader for files, by file name extension: `{ ".sql": "text", ".wasm": "binary" }`.
   * @default {}
   */
  loader?: Record<string, string>;
  /**
   * Expressions to replace: `{ "process.env.STAGE": "\"prod\"" }`.
   * @default {}
   */
  define?: Record<string, string>;
  /**
   * Packages to replace: `{ "pg-native": "./no-pg-native.js" }`.
   * @default {}
   */
  alias?: Record<string, string>;
  /**
   * JavaScript at the start of the bundle.
   * @default ""
   */
  banner?: string;
  /**
   * Whether to minify the code. Stack traces show your source files in both cases.
   * @default true
   */
  minify?: boolean;
  /**
   * Fields that contain the entry of a package without `exports`, in order of preference.
   * @default ["main", "module"]
   */
  mainFields?: string[];
  /**
   * Conditions of `exports` in package.json, in addition to `node`, `import`, `require` and `default`.
   * @default []
   */
  conditions?: string[];
  /**
   * Log level of single warnings, by id: `{ "empty-import-meta": "silent" }` accepts a warning that would stop the deployment.
   * @default {}
   */
  logOverride?: Record<string, string>;
}

/** A file or folder to copy next to the bundle. */
export interface CopyArgs {
  /** Path relative to the program's folder. */
  from: string;
  /**
   * Path in the function's folder.
   * @default the path relative to the entry's folder, so that `import.meta.dirname` still finds it
   */
  to?: string;
}

/** One IAM statement with effect Allow. */
export interface PolicyStatementArgs {
  /** IAM actions, such as `dynamodb:PutItem`. */
  actions: string[];
  /** ARNs of the resources. */
  resources: pulumi.Input<string>[];
}

/** How the connection manager runs streams. */
export interface RelayArgs {
  /**
   * How one hop hands a stream over to the next. `overlap`: the next hop connects before the last one disconnects. `break`: the
   * last hop disconnects first, which leaves a short gap. `auto`: overlap, or break when the upstream refuses a second connection.
   * @default "auto"
   */
  handover?: Handover;
  /**
   * Memory of the connection manager in MB: 128..10240, and at least what `events.maxEventBytes` and `streamsPerHop` need: 96 MB, five
   * times the size of an event, and 0.5 MB for each stream. Every concurrent hop runs all the time, which costs $8.76 per month with 256 MB
   * on arm64.
   * @default 256
   */
  memorySize?: number;
  /**
   * Maximum number of streams that share one hop: 1..100. Sharing reduces the cost of many quiet streams: with 1,000 streams and 100
   * per hop, to $0.15 per stream and month. A stream starts in a hop alone, and the watchdog moves it within two minutes; a busy stream keeps
   * a hop. A move is a handover: the upstream sees a second connection, or a short gap. A slow stream slows the other streams of its hop. After a
   * crash of a hop, all its streams are restarted.
   * @default 1
   */
  streamsPerHop?: number;
  /**
   * Reserved concurrency of the connection manager: twice the number of concurrent hops plus one, at least 3. 0 stops every stream.
   * It is checked against `streams` and `streamsPerHop`; streams that the API starts need room, too, each a hop alone until it
   * moves. The reserved executions are not available to other functions of the account.
   * @default none: the account's unreserved concurrency
   */
  reservedConcurrency?: number;
  /**
   * `allow`: Lambda lets each hop invoke the next without a limit. `none`: for regions without that setting, such as GovCloud. Each
   * hop then counts its position in the chain, and the watchdog starts a new chain before Lambda stops the old one.
   * @default "allow"
   */
  recursion?: Recursion;
}

/** What identifies an event. Only the first event with an identity is stored and processed. */
export interface IdentityArgs {
  /**
   * `content`: type and data. `sse-id`: the SSE id. `pointer`: the value at `pointer`. An event without that id or value is
   * identified by its content. `arrival`: every received event is distinct, which turns de-duplication off.
   * @default "content"
   */
  kind?: IdentityKind;
  /** JSON pointer (RFC 6901) to the value in an event's data, such as `/id`. Required by `pointer`. */
  pointer?: string;
}

/** How DynamoDB bills the event table. The limits are for `provisioned`, in units per second. */
export interface EventsBillingArgs {
  /**
   * `on-demand`: each write unit is billed, at $0.625 per million in us-east-1. `provisioned`: the capacity is billed by the hour, and
   * autoscaling changes it with the load, within the limits and within minutes. Under constant load at 70% of the capacity, a unit costs about 40% of
   * that on demand. A load that rises faster than autoscaling is throttled: the relay retries, and the stream lags meanwhile. DynamoDB
   * changes the mode of a table at most four times a day.
   * @default "on-demand"
   */
  mode?: BillingMode;
  /**
   * Write units that are always billed: 1..1000000.
   * @default 5
   */
  minWriteUnits?: number;
  /**
   * Limit of the write units, and so of the costs: `minWriteUnits`..1000000. Events beyond it wait in the relay.
   * @default 1000
   */
  maxWriteUnits?: number;
  /**
   * Read units that are always billed: 1..1000000. Only a handover with packs, `tail`, `replay` and `verify` read the table.
   * @default 5
   */
  minReadUnits?: number;
  /**
   * Limit of the read units: `minReadUnits`..1000000.
   * @default 100
   */
  maxReadUnits?: number;
  /**
   * Percentage of the capacity that is in use when autoscaling changes nothing: 20..90. A lower one leaves more room for peaks and costs more.
   * @default 70
   */
  utilization?: number;
}

/** How events are identified and stored. */
export interface EventsArgs {
  /**
   * What identifies an event.
   * @default { kind: "content" }
   */
  identity?: IdentityArgs;
  /**
   * Time that an event stays in the table, in days: 1..3650. Storage costs grow with it. An event that is received again after
   * this time is processed again.
   * @default 7
   */
  ttlDays?: number;
  /**
   * Maximum size of an event in bytes: 1024..104857600. Larger events are not stored; they are counted and logged. Large events need
   * memory: see `relay.memorySize`.
   * @default 1048576
   */
  maxEventBytes?: number;
  /**
   * Number of partition keys per stream: 1..64. DynamoDB hashes each of them to one of the partitions that the table has, and a partition
   * accepts 1,000 writes per second. A new table has 4 partitions, so 4 slices give about 2,000 writes per second and 16 about 3,300;
   * more partitions need `warmThroughput` or days of load. A query for one stream must read all its partition keys. A running
   * stream changes its number a minute after the next handover, so that no event gets two keys; a crash in the seconds after that can
   * store events again. With `packed`, 1.
   * @default 1
   */
  slices?: number;
  /**
   * `each`: one item for each event, with its identity as the key, so that the table itself keeps the first of equal events for
   * `ttlDays`. `packed`: one compressed item for many events of a stream, in order, which takes about 30 times fewer write units for
   * price lines of 200 bytes at 1,000 events per second, and is not limited to 1,000 events per second and partition key. A handover, a reconnect with a position and a crash then store nothing
   * twice, but an equal event that the source sends later is a new event. An event is stored up to `lingerMs` later. `packed`
   * needs a processor that this component bundles, or a function whose `pulumi-stream-ingestion` reads packs, and `slices: 1`. To go
   * back, set `each` instead of removing the argument. See docs/decisions/0055.
   * @default "each"
   */
  storage?: EventStorage;
  /**
   * With `packed`: a pack is closed before its events have more bytes than this, before compression: 1024..262144. Their data
   * counts, and ids, types and keys where the pack contains them. Larger packs compress better, and their events wait longer.
   * @default 65536
   */
  packBytes?: number;
  /**
   * With `packed`: a pack is closed this many milliseconds after its first event: 10..5000. A longer time gives fewer write units for
   * a slow stream.
   * @default 200
   */
  lingerMs?: number;
  /**
   * How DynamoDB bills the event table. Not for an existing `table`.
   * @default { mode: "on-demand" }
   */
  billing?: EventsBillingArgs;
  /**
   * Write units per second that the event table can serve at once: 4000..1000000. A new table serves 4,000 and grows with its load within
   * minutes to hours; this prepares more partitions before the load arrives, which `slices` can then use. AWS charges once for each increase, and
   * refuses a lower value later. Not for an existing `table`.
   * @default what the table has: 4000 when it is new
   */
  warmThroughput?: number;
  /**
   * JSON pointer to a whole number that rises by one with each event of a stream, such as "/seq". Skipped numbers are counted as
   * `missing` and set the alarm `eventsMissing`. Events without it are not checked, and a number of 0 or 1 starts again. A gap between the two
   * connections of an overlapping handover is not seen, and after a crash the count can include events that were stored.
   */
  sequence?: string;
  /**
   * Whether to count events that are written to the table again: repeats that `identity` makes one event although the relay no
   * longer remembers them, and copies of a handover. A small function reads the table's stream for them, at most once a minute,
   * which costs less than a dollar per month. It is the second reader of the stream, and AWS recommends no more than two.
   * With `storage: "packed"`, no item is written again, and the function is not created.
   * @default true
   */
  countRepeats?: boolean;
  /**
   * Name of an existing event table, for example one that an earlier `pulumi destroy` retained. It needs the keys `streamId` and
   * `key`, a stream of new and old images (of new images with `countRepeats: false`), and TTL on the attribute `ttl`. The component reads its description and never changes or deletes
   * it. Do not remove this argument later: the next `pulumi up` would create a new table.
   * @default a new table
   */
  table?: pulumi.Input<string>;
}

/** Where the state of the streams is stored. */
export interface ConnectionsArgs {
  /**
   * Name of an existing connection table. It needs the key `streamId`. The component never changes or deletes it. Do not remove
   * this argument later: the next `pulumi up` would create a new table.
   * @default a new table
   */
  table?: pulumi.Input<string>;
}

/** The connection API. Every request must be signed with SigV4. */
export interface ApiArgs {
  /**
   * How callers authenticate. `iam`: requests signed with SigV4. `iam-and-api-key`: signed requests with an API key in addition.
   * @default "iam"
   */
  authorization?: Authorization;
  /**
   * CIDR ranges that may call the API, such as `203.0.113.0/24`. Requests from other addresses are denied.
   * @default every address
   */
  allowedCidrs?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Whether to write one log line per request, errors of API Gateway and metrics per method. It needs the account's CloudWatch role
   * for API Gateway (`aws.apigateway.Account`), one setting per account and region, which the component never changes.
   * @default false
   */
  accessLogs?: boolean;
  /**
   * Makes the API reachable only from a VPC. A change replaces no resource, and `apiUrl` stays the same.
   * @default a public API
   */
  privateApi?: PrivateApiArgs;
}

/** From where a private API is reachable: `vpcEndpointIds`, or `vpcId` with `subnetIds` and `securityGroupIds`. */
export interface PrivateApiArgs {
  /** Ids of existing interface endpoints for `execute-api`. */
  vpcEndpointIds?: pulumi.Input<pulumi.Input<string>[]>;
  /** Id of the VPC for a new endpoint, which costs about $7.30 per month and subnet, and $0.01 per GB. */
  vpcId?: pulumi.Input<string>;
  /** Ids of the new endpoint's subnets, one per availability zone. */
  subnetIds?: pulumi.Input<pulumi.Input<string>[]>;
  /** Ids of the new endpoint's security groups. They must allow callers to connect to port 443. */
  securityGroupIds?: pulumi.Input<pulumi.Input<string>[]>;
}

/** Settings of one alarm. It is in ALARM when its metric is above `threshold` in each of the last `evaluationPeriods` periods. */
export interface AlarmArgs {
  /**
   * Whether the alarm exists. An alarm costs $0.10 per month.
   * @default true
   */
  enabled?: boolean;
  /** Number that the metric must exceed in a period; for `watchdogStopped`, the number that it must reach. */
  threshold?: number;
  /** Length of a period in seconds: a multiple of 60 up to 86400. */
  periodSeconds?: number;
  /** Number of periods in a row: at least 1, at most one day in total. */
  evaluationPeriods?: number;
}

/**
 * The alarms. Each one can be changed or switched off. docs/operating.md describes the cause and the solution of each.
 * @example { topicArn, eventsRefused: { threshold: 100 }, hopRate: { enabled: false } }
 */
export interface AlarmsArgs {
  /** ARN of the SNS topic that receives the notifications. Without it, alarms are only visible in CloudWatch. */
  topicArn?: pulumi.Input<string>;
  /**
   * A stream that should run has no live lease.
   * @default { threshold: 0, periodSeconds: 60, evaluationPeriods: 5 }
   */
  streamsDown?: AlarmArgs;
  /**
   * A stream failed permanently.
   * @default { threshold: 0, periodSeconds: 60, evaluationPeriods: 1 }
   */
  streamsFailed?: AlarmArgs;
  /**
   * A stream receives events, and for a minute none of them was stored.
   * @default { threshold: 0, periodSeconds: 60, evaluationPeriods: 5 }
   */
  streamsNotStoring?: AlarmArgs;
  /**
   * The event table has throttled the writes of a stream for a minute.
   * @default { threshold: 0, periodSeconds: 60, evaluationPeriods: 5 }
   */
  streamsThrottled?: AlarmArgs;
  /**
   * A stream has received bytes, and no event came out of them for a minute.
   * @default { threshold: 0, periodSeconds: 60, evaluationPeriods: 1 }
   */
  streamsMute?: AlarmArgs;
  /**
   * A hop ended before it had stored all events.
   * @default { threshold: 0, periodSeconds: 60, evaluationPeriods: 1 }
   */
  eventsAbandoned?: AlarmArgs;
  /**
   * Events were refused, for example because they are larger than `events.maxEventBytes`.
   * @default { threshold: 0, periodSeconds: 60, evaluationPeriods: 1 }
   */
  eventsRefused?: AlarmArgs;
  /**
   * The upstream skipped numbers at `events.sequence`. The alarm exists only with that argument.
   * @default { threshold: 0, periodSeconds: 60, evaluationPeriods: 1 }
   */
  eventsMissing?: AlarmArgs;
  /**
   * Runs of the watchdog are below the threshold, or it sends no metrics.
   * @default { threshold: 1, periodSeconds: 60, evaluationPeriods: 5 }
   */
  watchdogStopped?: AlarmArgs;
  /**
   * The processor could not handle events. They are in the failure bucket.
   * @default { threshold: 0, periodSeconds: 60, evaluationPeriods: 1 }
   */
  processorFailures?: AlarmArgs;
  /**
   * The processor crashed or timed out on every attempt. Lambda stored the events in the failure bucket.
   * @default { threshold: 0, periodSeconds: 60, evaluationPeriods: 1 }
   */
  processorDiscarded?: AlarmArgs;
  /**
   * Lambda could not store events of the processor in the failure bucket.
   * @default { threshold: 0, periodSeconds: 60, evaluationPeriods: 1 }
   */
  processorDropped?: AlarmArgs;
  /**
   * Age of the oldest record that the processor has not handled, in milliseconds.
   * @default { threshold: 3600000, periodSeconds: 300, evaluationPeriods: 1 }
   */
  iteratorAge?: AlarmArgs;
  /**
   * Number of hops in a period. The default threshold is 30 and one more for each stream in `streams`.
   * @default { threshold: 30, periodSeconds: 300, evaluationPeriods: 2 }
   */
  hopRate?: AlarmArgs;
}

/** VPC of the functions. Set `subnetIds` with `securityGroupIds`, or `fixedEgress`. */
export interface NetworkArgs {
  /** Ids of existing subnets. They need routes to the upstream, DynamoDB, S3, Lambda and Secrets Manager. */
  subnetIds?: pulumi.Input<pulumi.Input<string>[]>;
  /** Ids of existing security groups. They must allow outbound connections to port 443. */
  securityGroupIds?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Creates a small VPC with one NAT gateway and one Elastic IP, for upstreams that allow only known addresses. The output
   * `egressIps` contains the address. It needs the package `@pulumi/awsx`, and costs about $33 per month and $0.045 per GB.
   * @default false
   */
  fixedEgress?: boolean;
  /**
   * Functions in the VPC. `relay`: the connection manager. `all`: every function that the component creates. Their traffic to
   * AWS then needs VPC endpoints or a NAT gateway.
   * @default "relay"
   */
  functions?: NetworkFunctions;
}

/** Additional IAM statements for the component's functions. For the processor, use `processor.policyStatements`. */
export interface ExtraStatementsArgs {
  /**
   * Statements for the connection manager's role.
   * @default none
   */
  connectionManager?: pulumi.Input<pulumi.Input<PolicyStatementArgs>[]>;
  /**
   * Statements for the connection API's role.
   * @default none
   */
  connectionApi?: pulumi.Input<pulumi.Input<PolicyStatementArgs>[]>;
  /**
   * Statements for the watchdog's role.
   * @default none
   */
  watchdog?: pulumi.Input<pulumi.Input<PolicyStatementArgs>[]>;
}

/** Requirements of an account or a company for every resource. */
export interface AccountArgs {
  /**
   * ARN of a symmetric customer managed KMS key for tables, secret, bucket, log groups and the functions' environment. Each role
   * may use it. The key's policy must allow the account's IAM policies, and CloudWatch Logs for the account's log groups: see
   * docs/operating.md. It costs about $1 per month and $0.03 per 10,000 requests.
   * @default keys that AWS owns, at no cost
   */
  kmsKeyArn?: pulumi.Input<string>;
  /**
   * ARN of the permissions boundary of every role.
   * @default none
   */
  permissionsBoundary?: pulumi.Input<string>;
  /**
   * IAM path of every role, such as `/teams/data/`. Changing it replaces the roles.
   * @default "/"
   */
  rolePath?: string;
  /**
   * Retention of the log groups in days: a number that CloudWatch Logs accepts, 1..3653, or 0 for no expiry.
   * @default 30
   */
  logRetentionDays?: number;
  /**
   * Whether functions and API send traces to X-Ray. A million traces cost $5, and one hop is one trace.
   * @default false
   */
  tracing?: boolean;
  /**
   * Whether DynamoDB refuses to delete the tables. Before `pulumi destroy` with `removal: "delete"`, set it to false and run
   * `pulumi up` once.
   * @default false
   */
  deletionProtection?: boolean;
  /**
   * Additional IAM statements for the component's functions.
   * @default none
   */
  extraStatements?: ExtraStatementsArgs;
}

/** Arguments of a `StreamIngestion`. Only `source` and `processor` are required. */
export interface StreamIngestionArgs {
  /** The upstream. */
  source: SourceArgs;
  /** The code that processes every new event. */
  processor: ProcessorArgs;
  /**
   * Ids of the streams that the deployment starts and keeps open. Removing an id stops its stream. The list never stops a stream
   * that was started with the connection API.
   * @default []
   */
  streams?: pulumi.Input<pulumi.Input<string>[]>;
  /** How the connection manager runs streams. */
  relay?: RelayArgs;
  /** How events are identified and stored. */
  events?: EventsArgs;
  /** Where the state of the streams is stored. */
  connections?: ConnectionsArgs;
  /**
   * Name of an existing bucket for oversize events and failures. The component never empties or deletes it, and does not change its
   * policy, lifecycle or encryption unless `manageBucket` is set. Do not remove this argument later: the next `pulumi up` would create a new bucket.
   * @default a new bucket: private, TLS only, with expiry of oversize events
   */
  bucket?: pulumi.Input<string>;
  /**
   * Also apply the settings of a new bucket to `bucket`: no public access, TLS only, expiry of oversize events, the KMS key. They
   * replace the bucket's policy, lifecycle rules and encryption, and end with the deployment if `removal` is `delete`. The bucket
   * itself is still never emptied or deleted.
   * @default false
   */
  manageBucket?: boolean;
  /** How callers of the connection API authenticate, and from where they may call it. */
  api?: ApiArgs;
  /** The alarms, by default 13 for $1.30 per month, and where they send notifications. */
  alarms?: AlarmsArgs;
  /**
   * VPC of the connection manager or of all functions.
   * @default no VPC
   */
  network?: NetworkArgs;
  /** Requirements of an account or a company for every resource. */
  account?: AccountArgs;
  /**
   * Name of the dashboard and value of the metrics' dimension: 1..255 letters, digits, hyphens and underscores. Set it when two
   * organisations deploy the same project and stack name to one account.
   * @default PROJECT-STACK-NAME
   */
  deploymentName?: string;
  /**
   * What `pulumi destroy` does with tables, bucket and secret. `retain` leaves them in the account. `delete` removes them with all
   * their data; after a change to `delete`, run `pulumi up` once before `pulumi destroy`.
   * @default "retain"
   */
  removal?: Removal;
  /**
   * Tags of every child resource that supports tags: at most 50. A key has 1..128 characters and does not start with `aws:`, a value
   * at most 256. Both can contain letters, digits, spaces and `_ . : / = + - @`.
   */
  tags?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/**
 * Changes the arguments of a child resource, after all other settings. Either values to merge (maps merge deeply, lists are
 * replaced), or a function of the arguments and the child's Pulumi name that returns new arguments or changes the received ones.
 */
export type Transform<T> = Partial<T> | ((args: T, name: string) => T) | ((args: T, name: string) => void);

/** The child resources that can be transformed. A plural applies to every child of that kind, before the transform of a single child. */
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
  /** Arguments of `awsx.ec2.Vpc`, with `network.fixedEgress`. */
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
  repeatCounter?: Transform<aws.lambda.FunctionArgs>;
  repeatMapping?: Transform<aws.lambda.EventSourceMappingArgs>;
  resources?: Transform<aws.apigateway.ResourceArgs>;
  restApi?: Transform<aws.apigateway.RestApiArgs>;
  restApiPolicy?: Transform<aws.apigateway.RestApiPolicyArgs>;
  roles?: Transform<aws.iam.RoleArgs>;
  scalingPolicies?: Transform<aws.appautoscaling.PolicyArgs>;
  scalingTargets?: Transform<aws.appautoscaling.TargetArgs>;
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

/** Pulumi's resource options, and `transform`. */
export interface StreamIngestionOptions extends pulumi.ComponentResourceOptions {
  /** Changes the arguments of child resources, for settings that the component has no argument for. */
  transform?: Transforms;
}
