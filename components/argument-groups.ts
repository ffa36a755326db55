import type * as pulumi from "@pulumi/pulumi";
import type { AuthKind, Format, Handover, IdentityKind, ResumeKind } from "./choices";

/** The upstream. `url`, `path`, `key` and the values of `headers` and `query` are kept in one Secrets Manager secret. */
export interface SourceArgs {
  /** Origin, and base path if there is one: `https://stream.example.com`. Secret. A change takes effect at the next connection. */
  url: pulumi.Input<string>;
  /** Path on the origin. `{streamId}` is replaced by the encoded stream id; without it the id is not sent. Secret. */
  path: pulumi.Input<string>;
  /**
   * Credential, sent as `auth` says. Secret.
   * @default none: nothing is sent
   */
  key?: pulumi.Input<string>;
  /**
   * How the body is cut into events.
   * @default "auto"
   */
  format?: Format;
  /**
   * How the credential is sent.
   * @default { kind: "bearer" }
   */
  auth?: AuthArgs;
  /**
   * Further request headers. The values are secret.
   * @default {}
   */
  headers?: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
  /**
   * Further query parameters. The values are secret.
   * @default {}
   */
  query?: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
  /**
   * Where the last stored position goes when a connection resumes.
   * @default { kind: "last-event-id" }
   */
  resume?: ResumeArgs;
  /**
   * Seconds without a byte, heartbeats included, after which the connection counts as dead. 1..840.
   * @default 60
   */
  idleTimeoutSeconds?: number;
}

/** How the credential is sent: as bearer token, in a header or query parameter of another name, or not at all. */
export interface AuthArgs {
  kind: AuthKind;
  /** Name of the header or query parameter; required for these two kinds. */
  name?: string;
}

/** Where a position goes: the header Last-Event-ID, a query parameter or header of another name, or nowhere. */
export interface ResumeArgs {
  kind: ResumeKind;
  /** Name of the header or query parameter; required for these two kinds. */
  name?: string;
  /** JSON pointer to the position in an event's data, `/offset`; required for these two kinds. */
  pointer?: string;
}

/** The user's code: either `entry`, or `functionArn` of a Lambda function that exists. */
export interface ProcessorArgs {
  /** TypeScript or JavaScript file that exports `handler`, relative to the program's folder. Bundled at deploy time. */
  entry?: string;
  /**
   * Megabytes, 128..10240. CPU grows with it.
   * @default 256
   */
  memorySize?: number;
  /**
   * Seconds for one batch, 1..900.
   * @default 60
   */
  timeoutSeconds?: number;
  /**
   * Environment of the processor. Secret in Pulumi's state, but readable by anyone who may read the function's configuration.
   * @default {}
   */
  environment?: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
  /**
   * What the processor may do besides reading its events.
   * @default []
   */
  policyStatements?: PolicyStatementArgs[];
  /**
   * Records a batch holds at most, 1..10000.
   * @default 100
   */
  batchSize?: number;
  /** Existing function that takes the place of `entry`. */
  functionArn?: pulumi.Input<string>;
  /**
   * Name of the existing function's role: what the mapping needs is attached to it.
   * @default none: attach the output `processorPolicyJson` to the role before the first `up`
   */
  roleName?: pulumi.Input<string>;
}

/** One Allow: named actions on named ARNs. */
export interface PolicyStatementArgs {
  /** `dynamodb:PutItem` */
  actions: string[];
  /** ARNs. */
  resources: pulumi.Input<string>[];
}

/** How streams are carried. */
export interface RelayArgs {
  /**
   * How one hop follows another.
   * @default "auto"
   */
  handover?: Handover;
  /**
   * Megabytes of the connection manager, 128..10240. A relay that never ends costs $8.76 a month at 256 (arm64).
   * @default 256
   */
  memorySize?: number;
  /**
   * Streams one hop carries at most, 1..100. Many quiet streams in one hop share its cost, and its CPU.
   * @default 1
   */
  streamsPerHop?: number;
  /**
   * Concurrent executions kept for the connection manager: at least 3, or 0 as the kill switch.
   * @default none: the account's pool
   */
  reservedConcurrency?: number;
}

/** How events are told apart, filtered and kept. */
export interface EventsArgs {
  /**
   * What makes two events one: only the first is processed.
   * @default { kind: "content" }
   */
  identity?: IdentityArgs;
  /**
   * Events that are heartbeats: they never reach the table.
   * @default []
   */
  ignore?: IgnoreArgs[];
  /**
   * Days an event is kept, 1..3650. Also how long a replayed event is known as one.
   * @default 7
   */
  ttlDays?: number;
  /**
   * Bytes of the largest event that is stored, 1024..16777216. Larger ones are counted, logged and passed over.
   * @default 1048576
   */
  maxEventBytes?: number;
  /**
   * Partitions a stream is spread over at once: 1, 4 or 16. One takes 1,000 writes a second before DynamoDB splits it.
   * A change makes replayed events of before it new ones.
   * @default 1
   */
  slices?: number;
}

/** Type and data (`content`), the SSE id (`sse-id`), a JSON pointer's value (`pointer`), or nothing (`arrival`: every event is new). */
export interface IdentityArgs {
  kind: IdentityKind;
  /** JSON pointer into the data, `/id`; required for `pointer`. */
  pointer?: string;
}

/** Either `type`, or `pointer` with `equals`. */
export interface IgnoreArgs {
  /** SSE event type. */
  type?: string;
  /** JSON pointer into the data, `/type`. */
  pointer?: string;
  /** String, number, boolean or null that the pointer's value equals. */
  // biome-ignore lint/suspicious/noExplicitAny: Pulumi's analyzer knows no union of types, and no unknown.
  equals?: any;
}

/** The connection API. Every call is signed (IAM, SigV4) by a principal that may `execute-api:Invoke`. */
export interface ApiArgs {
  /**
   * IPv4 or IPv6 ranges, beside IAM: calls from elsewhere are denied whoever signs them. `["203.0.113.0/24"]`.
   * @default []: no restriction by address
   */
  allowedCidrs?: string[];
  /**
   * Calls a second, 1..10000; bursts may be twice that.
   * @default 10
   */
  requestsPerSecond?: number;
}
