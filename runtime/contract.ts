/**
 * The contract between deploy time and run time: environment names, table keys, attribute names, payload shapes.
 * The only file that both components/ and runtime/ import. It imports nothing.
 */

/** Version of the payload and row shapes below. Each release reads the version before and after its own. */
export const CONTRACT_VERSION = 1;

/** Environment variables that the component sets and the handlers read. None of them holds a secret. */
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
  /**
   * Watchdog: the release to run. Where it differs from a row's `release`, the owner hands over. Manager: the second part of its release,
   * a hash of settings and memory. The first part is the hash of the code that runs.
   */
  release: "STREAM_INGESTION_RELEASE",
  /** `project-stack-instance`: the only dimension of the metrics, unique in an account. All functions. */
  deployment: "STREAM_INGESTION_DEPLOYMENT",
  /** `true`: the source has no `{streamId}`, so every stream sends the same request. Absent: it is in an existing secret. API, watchdog. */
  sharedRequest: "STREAM_INGESTION_SHARED_REQUEST",
  /** `source.maxConnections`. Absent: no limit. API, watchdog. */
  maxConnections: "STREAM_INGESTION_MAX_CONNECTIONS",
  /** Key of the row that holds the deployment's `streams`. Watchdog. */
  declaredRow: "STREAM_INGESTION_DECLARED_ROW",
  /** Name of the connection manager function. API, watchdog. (The manager reads its own name from the Lambda context.) */
  connectionManager: "STREAM_INGESTION_CONNECTION_MANAGER",
} as const;

/** Format of a stream id. `.` and `..` are refused as well: see {@link isStreamId}. */
export const STREAM_ID_PATTERN = /^[A-Za-z0-9._:@-]{1,128}$/;

/** The same rule in words, for error messages. */
export const STREAM_ID_RULE = '1 to 128 characters from A-Z a-z 0-9 . _ : @ - (not "." or "..")';

export function isStreamId(value: unknown): value is string {
  return typeof value === "string" && STREAM_ID_PATTERN.test(value) && value !== "." && value !== "..";
}

/**
 * Key of the row that holds the deployment's `streams`; not a valid stream id. In a table that existed before the deployment, `#declared:`
 * and a hash: such a table may hold the row of another deployment. Attribute `streams`: string set or list. */
export const DECLARED_ROW = "#declared";

/** Type token of the component. */
export const COMPONENT_TYPE = "stream-ingestion:index:StreamIngestion";

/** Partition key of both tables. With `events.slices` > 1 the event table's value is `streamId#h`. */
export const STREAM_ID_KEY = "streamId";
/** Sort key of the event table: the event's key (128 bits of SHA-256, base64url, under `content`). */
export const EVENT_KEY = "key";
/** TTL attribute of the event table: epoch seconds. */
export const TTL_ATTRIBUTE = "ttl";

/** Attributes of an item in the event table. The names are short because every write pays for their bytes. */
export const ITEM = {
  streamId: STREAM_ID_KEY,
  key: EVENT_KEY,
  /** S: data as text. B: binary (invalid UTF-8, or compressed, see `encoding`). Absent when `pointer` is set. */
  data: "d",
  /** S: SSE event type. Absent: "message". */
  type: "t",
  /** S: last SSE event id of the connection when the event was received. Absent: none. */
  id: "i",
  /** S: `generation.connection.counter`. Orders the events of one connection. */
  sequence: "q",
  /** N: time the event was decoded, in epoch milliseconds. */
  receivedAt: "r",
  /** S: "zstd" if `data` is compressed text, "zstd-binary" if it is compressed binary. Absent: not compressed. */
  encoding: "e",
  /** S: key of the S3 object that holds data too large for an item. The object is the data itself. */
  pointer: "p",
  /** N: number of events in the item, a pack. Absent: the item is one event. */
  count: "n",
  /** N: of a pack, time the last event was decoded. `receivedAt` is that of the first. */
  lastReceivedAt: "l",
  ttl: TTL_ATTRIBUTE,
} as const;

/** Start of a pack's sort key. A key of an event contains no `#`. */
export const PACK_PREFIX = "p#";

/** Key prefixes in the bucket. */
export const OVERSIZE_PREFIX = "oversize/";
export const FAILURE_PREFIX = "failures/";
/** Which events of a pack are done, when the time of an invocation ended inside it. */
export const PROGRESS_PREFIX = "progress/";
/** Chosen by Lambda, for batches that an event source mapping gave up on: `aws/lambda/<mapping>/<shard>/yyyy/mm/dd/…`. */
export const LAMBDA_FAILURE_PREFIX = "aws/lambda/";

/** JSON of the source's secret. Each hop reads it, and reads it once more after a 401. It is never in logs, environment or payloads. */
export interface SourceSecret {
  /** Origin and optional base path, `https://stream.example.com`. */
  readonly url: string;
  /** Path on the origin. `{streamId}` is replaced by the encoded stream id. Without it, the id is not sent. */
  readonly path: string;
  /** Credential, sent as {@link AuthSettings} says. Empty or absent: no credential. */
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent in this order after a WebSocket opens. `{streamId}`, `{position}` and `{key}` are replaced. */
  readonly messages?: readonly string[];
  /** Request body: JSON or text, with `{streamId}` and `{position}`. */
  readonly body?: string;
  /** Token endpoint and client of `auth.kind` oauth2. The client's secret is the key. */
  readonly oauth2?: { readonly tokenUrl: string; readonly clientId: string };
  /** PEM. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** URL of an HTTP proxy. */
  readonly proxy?: string;
}

/** Replaced by the stream id. */
const STREAM_ID_PLACEHOLDER = "{streamId}";

/** Whether the request depends on the stream id. If it does not, every stream receives the same events. */
export function namesStream({ url, path, query, headers, body, messages }: Partial<SourceSecret>): boolean {
  return JSON.stringify([url, path, query, headers, body, messages]).includes(STREAM_ID_PLACEHOLDER);
}

/** How the credential is sent. */
export type AuthSettings =
  | { readonly kind: "bearer" }
  | { readonly kind: "header"; readonly name: string }
  | { readonly kind: "query"; readonly name: string }
  /** The key is `user:password`. */
  | { readonly kind: "basic" }
  | {
      readonly kind: "oauth2";
      readonly clientAuth: "basic" | "post";
      readonly scope?: string;
      readonly audience?: string;
    }
  /** Signed with the connection manager's role. */
  | { readonly kind: "aws-sigv4"; readonly service: string; readonly region?: string }
  | { readonly kind: "none" };

/** Where a connection sends the position to resume from, and which events have one. */
export type ResumeSettings = ResumePlace & {
  /** JSON pointer to the position in an event. Absent: the SSE id. */
  readonly pointer?: string;
  /** What is sent: text with `{position}`. Absent: the position. */
  readonly template?: string;
  /** SSE types of the events that have a position. Absent: all. */
  readonly types?: readonly string[];
  /** Ignored events leave the position as it is. */
  readonly skipIgnored?: boolean;
};

export type ResumePlace =
  | { readonly kind: "last-event-id" }
  | { readonly kind: "query"; readonly name: string }
  | { readonly kind: "header"; readonly name: string }
  /** Where the body has `{position}`. */
  | { readonly kind: "body" }
  /** In place of `{position}` in the messages of a WebSocket. */
  | { readonly kind: "message" }
  | { readonly kind: "none" };

/** How to recognise that two events are the same event. */
export type IdentitySettings =
  | { readonly kind: "content" }
  | { readonly kind: "sse-id" }
  | { readonly kind: "pointer"; readonly pointer: string }
  | { readonly kind: "arrival" };

/** What an event that matches a rule says about its stream. The event itself is not stored. */
export type ControlAction =
  /** Nothing: it is a heartbeat. */
  | "ignore"
  /** The stored position is no longer known: connect again without it. */
  | "lose-position"
  /** Connect again. */
  | "reconnect"
  /** Read the credential again, then connect. */
  | "refresh-credential"
  /** The stream is complete. */
  | "complete"
  /** The stream failed for good. */
  | "fail";

/** Matches an event for which all given conditions hold. */
export interface ControlRule {
  readonly action: ControlAction;
  /** SSE event type. */
  readonly type?: string;
  /** The whole data of the event. */
  readonly text?: string;
  readonly pointer?: string;
  /** Value at the pointer. Absent: any value but null. */
  readonly equals?: string | number | boolean | null;
}

/** How a WebSocket is opened and kept alive. Only for a source whose URL begins with `ws:` or `wss:`. */
export interface WebSocketSettings {
  readonly subprotocols: readonly string[];
  /** Offers permessage-deflate. */
  readonly compression: boolean;
  readonly ping: {
    /** 0 = no pings. */
    readonly intervalMs: number;
    /** Sent as a text message. Absent: a ping frame. */
    readonly message?: string;
  };
}

/** What a clean end of the response means. */
export type EndMeaning = "reconnect" | "complete";

export type RequestMethod = "GET" | "POST" | "PUT";
export type Format = "auto" | "sse" | "lines" | "json" | "json-seq";
export type HandoverMode = "auto" | "overlap" | "break";

/** Settings of the deployment, secrets excluded. JSON in {@link ENV.settings}. */
export interface RelaySettings {
  readonly v: number;
  readonly source: {
    readonly format: Format;
    readonly auth: AuthSettings;
    readonly resume: ResumeSettings;
    /** Absent: GET. */
    readonly method?: RequestMethod;
    readonly http2?: boolean;
    /** Accept a compressed response. */
    readonly compression?: boolean;
    /** The credential may be sent over http to another host than this one. */
    readonly allowInsecureHttp?: boolean;
    readonly idleTimeoutMs: number;
    readonly on: readonly ControlRule[];
    readonly end: EndMeaning;
    readonly webSocket: WebSocketSettings;
    /** Connections that the upstream allows at a time. Absent: no limit. */
    readonly maxConnections?: number;
  };
  readonly relay: {
    readonly handover: HandoverMode;
    readonly streamsPerHop: number;
    /** "none": Lambda ends a chain of self-invocations, so the watchdog starts a new chain before. Absent: chains continue for ever. */
    readonly recursion?: "none";
  };
  readonly events: {
    readonly identity: IdentitySettings;
    readonly ttlDays: number;
    readonly maxEventBytes: number;
    /** Partition keys of a stream, with one item for each event. The row of a stream says how many it has now. */
    readonly slices: number;
    /** One item for each event or for many. Absent: for each, and it was never another. */
    readonly storage?: Storage;
    /** A pack is closed before its events have more bytes, and this long after its first event. */
    readonly pack?: { readonly bytes: number; readonly lingerMs: number };
    /** JSON pointer to a number that rises by one with each event. Absent: missing events are not counted. */
    readonly sequence?: string;
  };
}

/** Memory of a hop of the connection manager: without streams, and for each stream, its connection and buffers. */
const RELAY_BASE_MB = 96;
const RELAY_STREAM_MB = 0.5;
/** Copies of an event that exist while it is read, identified, compressed and sent. */
const EVENT_COPIES = 5;
const MB = 1_048_576;

/**
 * How the streams of a hop share its memory: bytes that their events may hold, bytes for recent keys, and bytes of large events after
 * which the unused memory is collected.
 */
export function eventMemory(memoryMb: number, streams: number) {
  const freeBytes = Math.max(8, memoryMb - RELAY_BASE_MB - RELAY_STREAM_MB * streams) * MB;
  return { sharedBytes: freeBytes / 4, keysBytes: freeBytes / 10, garbageBytes: freeBytes / 4 };
}

/** The smallest memory, in MB, of a connection manager for hops of so many streams with events of this size. */
export function smallestRelayMemoryMb(streams: number, maxEventBytes: number): number {
  return Math.ceil(RELAY_BASE_MB + RELAY_STREAM_MB * streams + (EVENT_COPIES * maxEventBytes) / MB);
}

/** Payload of one invocation of the connection manager. */
export interface HopPayload {
  readonly v: number;
  /** Hops before this one in a chain of self-invocations. Absent: the chain starts here. */
  readonly chain?: number;
  readonly streams: readonly HopStream[];
}

export interface HopStream {
  readonly streamId: string;
  /**
   * Generation to succeed while its owner still runs (overlap): claim, connect, acquire at the first byte.
   * Absent (start, revive, break): acquire, then connect.
   */
  readonly generation?: number;
}

export type Desired = "open" | "closed";

/** One item for each event, or for many. */
export type Storage = "each" | "packed";

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

/**
 * Counters of a stream, summed over all hops. At every read of a row, `received` is the sum of `stored`, `ignored`, `suppressed`, `repeated`, `conflicting`, `refused`, `abandoned`,
 * `unknown` and `inFlight`.
 */
export interface Counters {
  readonly received: number;
  readonly stored: number;
  readonly ignored: number;
  /** Not written: the key was stored recently on another connection (a replay). */
  readonly suppressed: number;
  /** Same key and same data within one connection. */
  readonly repeated: number;
  /** Same key, different data. */
  readonly conflicting: number;
  /** Counted and logged, not stored: for example, larger than `maxEventBytes`. */
  readonly refused: number;
  /** Read, but neither stored nor refused when the hop ended. */
  readonly abandoned: number;
  /** In flight when a hop last reported before another one acquired the stream: stored or lost. The hop takes them back with its final report. */
  readonly unknown: number;
  /** Read and not settled yet, as last reported. The only counter that also decreases. */
  readonly inFlight: number;
  readonly bytes: number;
  readonly reconnects: number;
  readonly resumeLost: number;
  /** Numbers at `events.sequence` that the upstream skipped. */
  readonly missing: number;
  /** Of `stored`: repeats that the relay did not remember. Their identity makes them the same event as an earlier one, which is overwritten. */
  readonly overwritten: number;
  /** Of `stored`: events that two hops read, in a handover or a replay. */
  readonly overlapCopies: number;
  /** Batches that the event table throttled: it left items unprocessed, or rejected the request. The batches are retried. */
  readonly throttled: number;
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
  unknown: 0,
  inFlight: 0,
  bytes: 0,
  reconnects: 0,
  resumeLost: 0,
  missing: 0,
  overwritten: 0,
  overlapCopies: 0,
  throttled: 0,
};

/** Stored events that are not copies of earlier ones. */
export function newEvents({ stored, overwritten, overlapCopies }: Counters): number {
  return Math.max(0, stored - overwritten - overlapCopies);
}

/** Events that the counters do not explain; always 0. */
export function unaccounted(counters: Counters): number {
  const { received, stored, ignored, suppressed, repeated, conflicting, refused, abandoned, unknown, inFlight } =
    counters;
  return received - stored - ignored - suppressed - repeated - conflicting - refused - abandoned - unknown - inFlight;
}

export interface LastError {
  readonly code: string;
  /** HTTP status, with code `SOURCE_STATUS`. After 401 and 403, the watchdog retries when the secret changes. */
  readonly status?: number;
  readonly message: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** What earlier connections of a stream showed. It decides whether one answer of the source is believed. */
export interface StreamHistory {
  /** First time, in epoch milliseconds, that a connection was open. Absent: never. */
  readonly openedAt?: number;
  /** The permanent answer that the source has given since, and no other one. Absent: its last answer was another one. */
  readonly refusal?: Refusal;
  /** A compressed connection delivered nothing: the source withholds what it compresses. */
  readonly uncompressed?: boolean;
  /** A response head was late: a quiet source may send it with its first event only. */
  readonly lateHead?: boolean;
  /** Highest number at `events.sequence`. Absent: the next number is the first. */
  readonly lastNumber?: number;
}

export interface Refusal {
  /** The status, or the error code of a response that is not a stream. */
  readonly answer: string;
  /** Epoch milliseconds of the first of these answers. */
  readonly since: number;
}

/** Since when a stream is connected and yet useless, in epoch milliseconds. A hop continues what its predecessor reported. */
export interface StreamHealth {
  /** Events wait to be stored, and none has been stored since. Absent: events are stored, or none waits. */
  readonly unstoredSince?: number;
  /** The event table throttles writes. Absent: it has not throttled one for half a minute. */
  readonly throttledSince?: number;
  /** The bytes received since the last event or heartbeat are neither. Absent: the last bytes were. */
  readonly mute?: Mute;
}

/** Times of the first and the last bytes that did not give an event. */
export interface Mute {
  readonly since: number;
  readonly until: number;
}

/** Whether bytes arrived for a minute and no event did. */
export function isMute({ mute }: StreamHealth): boolean {
  return mute !== undefined && mute.until - mute.since >= 60_000;
}

/** Statistics of a stream's handovers. */
export interface HandoverStats {
  readonly count: number;
  readonly mode?: "overlap" | "break";
  /** From the last byte on the old connection to the first byte on the new one. Negative: they overlapped. */
  readonly lastGapMs?: number;
  readonly maxGapMs?: number;
}

/** A row of the connection table, with defaults filled in. Times are epoch milliseconds. */
export interface ConnectionRow extends StreamHistory, StreamHealth {
  readonly streamId: string;
  readonly v: number;
  readonly desired: Desired;
  /** Incremented at every start and stop. */
  readonly desiredVersion: number;
  /** True: started by the deployment's `streams`; removing it there stops it. False: in `streams`, but started through the API. Absent: not in `streams`. */
  readonly declared?: boolean;
  readonly status: Status;
  /** Fencing token. Incremented at every acquire, never at a renew. */
  readonly generation: number;
  /** Nonce of the invocation that holds the lease. Absent: released. */
  readonly owner?: string;
  readonly expiresAt?: number;
  /** The invocation that holds the lease, and possibly those of other streams. */
  readonly hop?: HopPlan;
  /** The hop is alive until then. In the row of one stream of each shared hop. */
  readonly beatUntil?: number;
  /** When the owner succeeded another one by a handover. Absent: the lease was free. */
  readonly handedOverAt?: number;
  /** Share of a hop that the stream used lately, 0 to 1. */
  readonly load?: number;
  /** Last time that the watchdog moved the stream to a hop with others. */
  readonly movedAt?: number;
  /** Generation whose owner handed over and may still report its last events. Absent: the lease was free when it was acquired. */
  readonly handedOverFrom?: number;
  readonly claim?: Claim;
  /** How the owner stores events. Absent: one item for each event. */
  readonly storage?: Storage;
  /** Partition keys of the stream, with one item for each event. Only its owner changes it, and only while no successor connects. */
  readonly slices?: number;
  /** How its predecessor did. */
  readonly predecessorStorage?: Storage;
  /** A predecessor that ran when the owner acquired the stream writes no pack after that. */
  readonly predecessorUntil?: number;
  /** Highest generation whose owner handed over and has stored its last event. */
  readonly leftGeneration?: number;
  /** Sequence of the event that has the checkpoint as its position. */
  readonly checkpointSequence?: string;
  /** Highest position before which every event is settled. Opaque. */
  readonly checkpoint?: string;
  /** Consecutive failed attempts. */
  readonly attempt: number;
  /** No hop connects before this time. */
  readonly retryAt?: number;
  readonly handoverMode?: { readonly mode: "overlap" | "break"; readonly until: number };
  /** Version of the secret that the last connection used. */
  readonly secretVersion?: string;
  /** Whether the request of the last connection was without the stream id: see {@link namesStream}. */
  readonly sharedRequest?: boolean;
  /** Release of the owner's hop. */
  readonly release?: string;
  /** Release to hand over to, as the watchdog requested. */
  readonly requestedRelease?: string;
  readonly connectedSince?: number;
  /** First body byte of the owner's connection. */
  readonly firstByteAt?: number;
  readonly lastByteAt?: number;
  /** Time the predecessor disconnected before its successor connected. Removed when the successor has measured the gap. */
  readonly disconnectedAt?: number;
  readonly counters: Counters;
  readonly handover?: HandoverStats;
  readonly lastError?: LastError;
}

/** An invocation of the connection manager, as the rows of its streams show it. */
export interface HopPlan {
  readonly id: string;
  /** Planned handover of all its streams. */
  readonly handoverAt: number;
  /** Time it had at entry. */
  readonly ms: number;
}

/** Permits a successor to connect while its predecessor still owns the lease. */
export interface Claim {
  readonly nonce: string;
  readonly until: number;
  /** The successor does not connect before the lease is released: the upstream takes one connection. */
  readonly waits?: true;
  readonly refused?: { readonly status: number; readonly retryAt?: number };
}

/** The processor's metrics: single constants, so that a processor's bundle does not contain the others. */
export const PROCESSED = "EventsProcessed";
export const PROCESSOR_FAILURES = "ProcessorFailures";
export const PROCESSOR_LAG_MS = "ProcessorLag";

/** CloudWatch metrics, written as EMF log lines. {@link METRIC_DIMENSION} is the only dimension: one per stream would cost too much. */
export const METRIC_NAMESPACE = "StreamIngestion";
export const METRIC_DIMENSION = "Deployment";
export const METRIC = {
  received: "EventsReceived",
  stored: "EventsStored",
  suppressed: "EventsSuppressed",
  ignored: "EventsIgnored",
  repeated: "EventsRepeated",
  conflicting: "EventsConflicting",
  refused: "EventsRefused",
  abandoned: "EventsAbandoned",
  /** Stored again: repeats that identity makes one event, and that the relay did not remember. */
  overwritten: "EventsOverwritten",
  /** Stored by both hops of a handover. */
  overlapCopies: "OverlapCopies",
  /** Batches that the event table throttled. */
  throttled: "WritesThrottled",
  /** Positions that the upstream no longer knew: events may be missing. */
  resumeLost: "ResumeLost",
  missing: "EventsMissing",
  bytes: "BytesReceived",
  reconnects: "Reconnects",
  handovers: "Handovers",
  handoverGapMs: "HandoverGap",
  hops: "Hops",
  buffered: "EventsBuffered",
  sinceLastByteMs: "TimeSinceLastByte",
  /** Streams that should run but have no live lease, as seen by the watchdog. */
  streamsDown: "StreamsDown",
  /** Streams that failed permanently. */
  streamsFailed: "StreamsFailed",
  /** Streams that have received events and stored none for at least a minute. */
  streamsNotStoring: "StreamsNotStoring",
  /** Streams whose writes the event table has throttled for at least a minute. */
  streamsThrottled: "StreamsThrottled",
  /** Streams that have received bytes and no event for at least a minute. */
  streamsMute: "StreamsMute",
  /** 1 for each run of the watchdog. */
  watchdogRuns: "WatchdogRuns",
  processed: PROCESSED,
  processorFailures: PROCESSOR_FAILURES,
  /** From received by the relay to handled by the processor. */
  processorLagMs: PROCESSOR_LAG_MS,
} as const;
