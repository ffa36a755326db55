/**
 * What deploy time and run time agree on: environment names, table keys, attribute names, payload shapes.
 * The only file that components/ and runtime/ both import; it imports nothing.
 */

/** Version of the payload and row shapes below. Every release reads the previous one, both ways. */
export const CONTRACT_VERSION = 1;

/** Environment variables the component sets and the handlers read. None of them holds a secret. */
export const ENV = {
  /** Name of the connection table. Manager, API, watchdog. */
  connectionTable: "STREAM_INGESTION_CONNECTION_TABLE",
  /** Name of the event table. Manager, processor. */
  eventTable: "STREAM_INGESTION_EVENT_TABLE",
  /** Name of the bucket for oversize events and failures. Manager, processor. */
  bucket: "STREAM_INGESTION_BUCKET",
  /** ARN of the secret that holds a {@link SourceSecret}. Manager, watchdog. */
  sourceSecret: "STREAM_INGESTION_SOURCE_SECRET",
  /** JSON of {@link RelaySettings}. Manager, watchdog. */
  settings: "STREAM_INGESTION_SETTINGS",
  /** Hash of bundle and settings: where it differs from a row's `release`, the owner hands over. Manager, watchdog. */
  release: "STREAM_INGESTION_RELEASE",
  /** `project-stack-instance`: the one dimension of the metrics, unique in an account. All functions. */
  deployment: "STREAM_INGESTION_DEPLOYMENT",
  /** Name of the connection manager function. API, watchdog. (The manager takes its own ARN from the Lambda context.) */
  connectionManager: "STREAM_INGESTION_CONNECTION_MANAGER",
} as const;

/** `streamId`: what a stream may be called. `.` and `..` are refused besides. */
export const STREAM_ID_PATTERN = /^[A-Za-z0-9._:@-]{1,128}$/;

/** The same in words, for messages. */
export const STREAM_ID_RULE = "1..128 of A-Z a-z 0-9 . _ : @ - (not «.» or «..»)";

export function isStreamId(value: unknown): value is string {
  return typeof value === "string" && STREAM_ID_PATTERN.test(value) && value !== "." && value !== "..";
}

/** Key of the one row of the connection table that the deployment owns; outside the id alphabet. Attribute `streams`: string set or list. */
export const DECLARED_ROW = "#declared";

/** Type token of the component. */
export const COMPONENT_TYPE = "stream-ingestion:index:StreamIngestion";

/** Partition key of both tables. With `events.slices` > 1 the event table's value is `streamId#h`. */
export const STREAM_ID_KEY = "streamId";
/** Sort key of the event table: the event's key (128 bits of SHA-256, base64url, under `content`). */
export const EVENT_KEY = "key";
/** TTL attribute of the event table: epoch seconds. */
export const TTL_ATTRIBUTE = "ttl";

/** Short attribute names of an item in the event table: their bytes are paid with every write. */
export const ITEM = {
  streamId: STREAM_ID_KEY,
  key: EVENT_KEY,
  /** S: data as text; B: binary (invalid UTF-8, or encoded, see `encoding`). Absent when `pointer` is there. */
  data: "d",
  /** S: SSE event type; absent = "message". */
  type: "t",
  /** S: the SSE `id` field of this event's connection at the time; absent = none. */
  id: "i",
  /** S: `generation.connection.counter`. Orders the events of one connection. */
  sequence: "q",
  /** N: epoch milliseconds at which the event was decoded. */
  receivedAt: "r",
  /** S: "zstd" = `data` is compressed text, "zstd-binary" = compressed bytes. Absent = as is. */
  encoding: "e",
  /** S: key in the bucket of data too large for an item. The object holds the bare bytes. */
  pointer: "p",
  ttl: TTL_ATTRIBUTE,
} as const;

/** Prefixes in the bucket. */
export const OVERSIZE_PREFIX = "oversize/";
export const FAILURE_PREFIX = "failures/";
/** Chosen by Lambda, for batches that an event source mapping gave up on: `aws/lambda/<mapping>/<shard>/yyyy/mm/dd/…`. */
export const LAMBDA_FAILURE_PREFIX = "aws/lambda/";

/** The secret's JSON. Read at every hop and again once on 401; never logged, never in env or payloads. */
export interface SourceSecret {
  /** Origin and optional base path, `https://stream.example.com`. */
  readonly url: string;
  /** Path on the origin; `{streamId}` in it is replaced by the encoded stream id. Without the placeholder the id is not sent. */
  readonly path: string;
  /** Credential; sent as {@link SourceSettings.auth} says. Empty or absent = no credential. */
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
}

/** How the credential is sent. */
export type AuthSettings =
  | { readonly kind: "bearer" }
  | { readonly kind: "header"; readonly name: string }
  | { readonly kind: "query"; readonly name: string }
  | { readonly kind: "none" };

/** Where a stored position goes when a connection resumes. */
export type ResumeSettings =
  | { readonly kind: "last-event-id" }
  | { readonly kind: "query"; readonly name: string; readonly pointer: string }
  | { readonly kind: "header"; readonly name: string; readonly pointer: string }
  | { readonly kind: "none" };

/** What makes two events one. */
export type IdentitySettings =
  | { readonly kind: "content" }
  | { readonly kind: "sse-id" }
  | { readonly kind: "pointer"; readonly pointer: string }
  | { readonly kind: "arrival" };

/** An event that is a heartbeat: by SSE type, or by a JSON pointer's value. */
export type IgnoreRule =
  | { readonly kind: "type"; readonly type: string }
  | { readonly kind: "pointer"; readonly pointer: string; readonly equals: string | number | boolean | null };

export type Format = "auto" | "sse" | "lines" | "json" | "json-seq";
export type HandoverMode = "auto" | "overlap" | "break";

/** Everything of a deployment that the manager needs and that is no secret. JSON in {@link ENV.settings}. */
export interface RelaySettings {
  readonly v: number;
  readonly source: {
    readonly format: Format;
    readonly auth: AuthSettings;
    readonly resume: ResumeSettings;
    readonly idleTimeoutMs: number;
  };
  readonly relay: { readonly handover: HandoverMode; readonly streamsPerHop: number };
  readonly events: {
    readonly identity: IdentitySettings;
    readonly ignore: readonly IgnoreRule[];
    readonly ttlDays: number;
    readonly maxEventBytes: number;
    readonly slices: 1 | 4 | 16;
  };
}

/** Payload of one invocation of the connection manager. */
export interface HopPayload {
  readonly v: number;
  readonly streams: readonly HopStream[];
}

export interface HopStream {
  readonly streamId: string;
  /**
   * The generation this hop was named to succeed while its owner still lives (overlap: claim first, acquire at the first byte).
   * Absent: start, revive or break; acquire first, connect then.
   */
  readonly generation?: number;
}

export type Desired = "open" | "closed";

export const STATUS = {
  starting: "starting",
  open: "open",
  handingOver: "handing-over",
  waiting: "waiting",
  closed: "closed",
  completed: "completed",
  failed: "failed",
} as const;
export type Status = (typeof STATUS)[keyof typeof STATUS];

/** Counters of a stream, summed over all hops. */
export interface Counters {
  readonly received: number;
  readonly stored: number;
  readonly ignored: number;
  /** Not written again because the key was stored a moment ago on another connection (a replay). */
  readonly suppressed: number;
  /** Equal key and equal data within one connection. */
  readonly repeated: number;
  /** Equal key, other data. */
  readonly conflicting: number;
  /** Counted and logged, not stored (for example over `maxEventBytes`). */
  readonly refused: number;
  /** Read but neither stored nor refused when the hop had to leave. */
  readonly abandoned: number;
  readonly bytes: number;
  readonly reconnects: number;
  readonly resumeLost: number;
}

export const ZERO_COUNTERS: Counters = {
  received: 0,
  stored: 0,
  ignored: 0,
  suppressed: 0,
  repeated: 0,
  conflicting: 0,
  refused: 0,
  abandoned: 0,
  bytes: 0,
  reconnects: 0,
  resumeLost: 0,
};

export interface LastError {
  readonly code: string;
  /** HTTP status, under `SOURCE_STATUS`: after 401 and 403 a new secret brings the stream back. */
  readonly status?: number;
  readonly message: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** One hand-over as its successor and predecessor measured it. */
export interface HandoverStats {
  readonly count: number;
  readonly mode?: "overlap" | "break";
  /** Last byte on the old connection → first byte on the new one; negative = they overlapped. */
  readonly lastGapMs?: number;
  readonly maxGapMs?: number;
}

/** A row of the connection table as it is read back. Times are epoch milliseconds. */
export interface ConnectionRow {
  readonly streamId: string;
  readonly v: number;
  readonly desired: Desired;
  /** +1 at every start and stop. */
  readonly desiredVersion: number;
  /** True: the deployment's list started it, a removal from the list stops it. False: it is in the list, but was started through the API. */
  readonly declared?: boolean;
  readonly status: Status;
  /** Fencing token: +1 at every acquire, never at renew. */
  readonly generation: number;
  /** Nonce of the handler call that holds the lease; absent = released. */
  readonly owner?: string;
  readonly expiresAt?: number;
  readonly claim?: Claim;
  /** Highest position before which everything is settled. Opaque. */
  readonly checkpoint?: string;
  /** Failed attempts in a row; 0 = healthy. */
  readonly attempt: number;
  /** Nobody connects before this time. */
  readonly retryAt?: number;
  readonly handoverMode?: { readonly mode: "overlap" | "break"; readonly until: number };
  /** Version of the secret that was last used. */
  readonly secretVersion?: string;
  /** The release that runs it. */
  readonly release?: string;
  /** The release that the watchdog asks the owner to hand over to. */
  readonly requestedRelease?: string;
  readonly connectedSince?: number;
  /** First body byte of the owner's connection. */
  readonly firstByteAt?: number;
  readonly lastByteAt?: number;
  /** A predecessor closed before its successor was there; gone when the successor has measured the gap. */
  readonly disconnectedAt?: number;
  readonly counters: Counters;
  readonly handover?: HandoverStats;
  readonly lastError?: LastError;
}

/** A successor's right to connect while its predecessor still owns the lease. */
export interface Claim {
  readonly nonce: string;
  readonly until: number;
  readonly refused?: { readonly status: number; readonly retryAt?: number };
}

/** CloudWatch metrics, written as EMF log lines with the one dimension {@link METRIC_DIMENSION}; never one per stream. */
export const METRIC_NAMESPACE = "StreamIngestion";
export const METRIC_DIMENSION = "Deployment";
export const METRIC = {
  received: "EventsReceived",
  stored: "EventsStored",
  suppressed: "EventsSuppressed",
  refused: "EventsRefused",
  abandoned: "EventsAbandoned",
  bytes: "BytesReceived",
  reconnects: "Reconnects",
  handovers: "Handovers",
  handoverGapMs: "HandoverGap",
  hops: "Hops",
  buffered: "EventsBuffered",
  sinceLastByteMs: "TimeSinceLastByte",
  /** Streams that should run and have no live lease, as the watchdog saw them. */
  streamsDown: "StreamsDown",
  /** Streams that failed for good. */
  streamsFailed: "StreamsFailed",
  processed: "EventsProcessed",
  processorFailures: "ProcessorFailures",
  /** Received by the relay → handled by the processor. */
  processorLagMs: "ProcessorLag",
} as const;
