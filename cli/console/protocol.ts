/**
 * What the console's server sends to its pages, and what the pages send back. Everything is plain JSON. Times are epoch
 * milliseconds, durations milliseconds, rates events a second.
 *
 *   GET  /                           the page: one file with its script and style. Needs no token, contains no data
 *   GET  /console/events?token=…     server-sent events, one {@link ServerMessage} as JSON in each `data`
 *   GET  /console/history?id=…       {@link History} of a stream of the last hour. `id` absent: of all streams together
 *   GET  /console/payload?event=…    the whole {@link Payload} of an event; `?failure=…`: of a failed one
 *   POST /console/commands/NAME      a {@link Command} of that name; the body is its JSON, the answer a {@link CommandResult}
 *
 * The link that the terminal prints is `http://127.0.0.1:PORT/#TOKEN`. The page keeps the token and removes it from the address.
 * It sends it as `?token=` with `events`, which an EventSource cannot give a header, and otherwise as `Authorization: Bearer TOKEN`.
 * A wrong token gets 401, a request of another site 403, an unknown path 404; the body is a {@link CommandResult}.
 *
 * A connection begins with a {@link Snapshot}, which replaces all that the page has. Then an {@link Update} follows at most four
 * times a second, with only what changed. In every list of an update, an entry replaces the one with the same `id`, or is new. The page
 * drops the oldest entries of a list that exceeds its limit in {@link Limits}. A slow page gets fewer and larger updates; one that
 * reads nothing for 15 s is disconnected, and gets a snapshot when it returns. A comment line is sent every 10 s without updates.
 */
export type ServerMessage = Snapshot | Update;

export interface Snapshot extends Lists {
  readonly type: "snapshot";
  readonly v: 1;
  /** The clock of the server when it sent this. Ages and countdowns are relative to it. */
  readonly at: number;
  readonly capabilities: Capabilities;
  readonly limits: Limits;
  readonly instances: readonly InstanceView[];
  /** By stream id: events received a second, oldest first, the latest {@link Limits.spark} samples. */
  readonly sparks: Readonly<Record<string, readonly number[]>>;
}

export interface Update extends Partial<Lists> {
  readonly type: "update";
  readonly at: number;
  /** All instances, when one of them changed. */
  readonly instances?: readonly InstanceView[];
  /** The next sample of every stream that is not at 0, every {@link Limits.sampleMs}. The others have a sample of zeros. */
  readonly sample?: { readonly at: number; readonly total: Sample; readonly streams: Readonly<Record<string, Sample>> };
  /** Ids of entries that no longer exist. */
  readonly removed?: {
    readonly streams?: readonly string[];
    readonly failures?: readonly string[];
    readonly alarms?: readonly string[];
    readonly notices?: readonly string[];
  };
}

interface Lists {
  readonly streams: readonly StreamView[];
  /** Oldest first. */
  readonly hops: readonly HopView[];
  /** Oldest first. */
  readonly events: readonly EventView[];
  /** Oldest first. */
  readonly failures: readonly FailureView[];
  /** Oldest first. */
  readonly logs: readonly LogView[];
  readonly alarms: readonly AlarmView[];
  /** What the user needs to know about the console itself: a denied call, something that was left out. */
  readonly notices: readonly NoticeView[];
  /** How much of the events the lists contain. */
  readonly sampling: Sampling;
}

/** How many entries of a list the server keeps, and the page at most. */
export interface Limits {
  readonly hops: number;
  readonly events: number;
  readonly failures: number;
  readonly logs: number;
  /** Samples of a {@link Snapshot.sparks} list. */
  readonly spark: number;
  /** Time between two samples. */
  readonly sampleMs: number;
  /** Characters of a payload or of a log line. The rest is cut. */
  readonly text: number;
}

/** What this console can do. */
export interface Capabilities {
  /** `local`: a stack on this machine. `deployed`: a stack in an AWS account. */
  readonly kind: "local" | "deployed";
  /** Name of the Pulumi stack. */
  readonly stack: string;
  readonly region: string;
  /** Whether commands are allowed. Otherwise `readOnly` is the sentence about how to allow them. */
  readonly write: boolean;
  readonly readOnly?: string;
  /** Columns and views without data here, with the reason as a sentence. */
  readonly unavailable: Readonly<Partial<Record<Unavailable, string>>>;
}

export type Unavailable = "processedPerSecond" | "lag" | "deliveries";

/** One `StreamIngestion` of the stack. */
export interface InstanceView {
  readonly name: string;
  readonly apiUrl: string;
  /** Numbers of all its streams. */
  readonly total: Sample;
}

/** `instance/streamId`. Unique in a stack; an instance's name contains no slash. */
export type StreamRef = string;

export type StreamState =
  | "starting"
  | "open"
  | "handing-over"
  | "waiting"
  | "closing"
  | "closed"
  | "completed"
  | "failed"
  /** It should run, but no hop holds it. */
  | "down";

export interface StreamView {
  readonly id: StreamRef;
  readonly instance: string;
  readonly streamId: string;
  readonly state: StreamState;
  /** When the console saw this state first, or when the stream says that it began. */
  readonly since: number;
  /** Whether the state is as desired. `false` needs attention. */
  readonly asDesired: boolean;
  readonly desired: "open" | "closed";
  /** Whether the program declares it in `streams`. */
  readonly declared: boolean;
  /** Number of the hop that holds it. */
  readonly generation: number;
  readonly rates: Sample;
  /** Its failed events in the failure bucket. */
  readonly failures: number;
  readonly connectedSince?: number;
  readonly lastByteAt?: number;
  /** While it waits: when it connects again. */
  readonly retryAt?: number;
  /** Failed attempts in a row. */
  readonly attempt: number;
  readonly checkpoint?: string;
  readonly lastError?: { readonly code: string; readonly message: string; readonly at: number };
  readonly counters: StreamCounters;
  readonly handovers?: {
    readonly count: number;
    /** Negative: both connections received at the same time. */
    readonly lastGapMs?: number;
    readonly maxGapMs?: number;
  };
  /** The hop that holds it; its entry is in `hops`. Absent: none, or not known. */
  readonly hop?: {
    readonly requestId: string;
    /** When Lambda ends it. */
    readonly deadlineAt?: number;
    /** When it hands over. */
    readonly handoverAt?: number;
  };
}

/**
 * The accounting equation: received = stored + ignored + suppressed + repeated + conflicting + refused + abandoned + unknown +
 * inFlight + unaccounted, where `unaccounted` is always 0. The others count something else.
 */
export interface StreamCounters {
  readonly received: number;
  readonly stored: number;
  readonly ignored: number;
  readonly suppressed: number;
  readonly repeated: number;
  readonly conflicting: number;
  readonly refused: number;
  readonly abandoned: number;
  readonly unknown: number;
  readonly inFlight: number;
  readonly unaccounted: number;
  /** Of `stored`: repeats that overwrote an earlier copy. */
  readonly overwritten: number;
  /** Of `stored`: read by two hops. */
  readonly overlapCopies: number;
  readonly bytes: number;
  readonly reconnects: number;
  readonly resumeLost: number;
  readonly missing: number;
  readonly throttled: number;
}

/** Rates of one moment. Absent: not known here, see {@link Capabilities.unavailable}. */
export interface Sample {
  readonly inPerSecond: number;
  readonly storedPerSecond: number;
  readonly processedPerSecond?: number;
  /** Longest time from an event's storage to its processing; longer while events wait. */
  readonly lagMs?: number;
}

/** One list each, oldest first, of the same length. `null`: not known at that time. */
export interface History {
  readonly id?: StreamRef;
  readonly at: readonly number[];
  readonly inPerSecond: readonly number[];
  readonly storedPerSecond: readonly number[];
  readonly processedPerSecond: readonly (number | null)[];
  readonly lagMs: readonly (number | null)[];
}

/** A stream in one hop: one bar of the timeline. */
export interface HopView {
  readonly id: string;
  readonly stream: StreamRef;
  readonly generation: number;
  /** The invocation. Several streams can share it. Absent: not known. */
  readonly requestId?: string;
  /** When it took the stream. */
  readonly from: number;
  /** When it left the stream. Absent: it still holds it. */
  readonly to?: number;
  /** When Lambda ends the invocation, and when it plans to hand over. */
  readonly deadlineAt?: number;
  readonly handoverAt?: number;
  /** Why it began. */
  readonly began: "start" | "handover" | "after-a-gap";
  /**
   * Why it ended: as the connection manager logs it (`handed-over`, `handed-over-by-break`, `stopped`,
   * `waiting`, `lease-lost`, `no-successor`, …), or `crashed`. Absent: it has not, or the reason is not known.
   */
  readonly ended?: string;
  /** Of the handover with which it began. */
  readonly mode?: "overlap" | "break";
  /** From the last byte on the old connection to the first on the new one. Negative: both received at the same time. */
  readonly gapMs?: number;
  /** How long both connections were open. */
  readonly overlapMs?: number;
}

/** One step on an event's way. */
export interface EventStep {
  /**
   * `received` from the upstream, `stored` in the table, `delivered` to the processor, one `attempt` that succeeded or failed, then
   * `processed`, or `failed` (it is in the failure bucket), or `lost` (it is not).
   */
  readonly step: "received" | "stored" | "delivered" | "attempt" | "processed" | "failed" | "lost";
  readonly at: number;
  readonly requestId?: string;
  /** Of an attempt. */
  readonly ok?: boolean;
}

/** A stored event with its path. */
export interface EventView {
  readonly id: string;
  readonly stream: StreamRef;
  readonly key: string;
  /** Absent: only its key is known, for example of a delivery whose storage was not seen. */
  readonly type?: string;
  readonly eventId?: string;
  readonly sequence?: string;
  readonly at: number;
  /** Its item in the event table. Absent: unknown. */
  readonly item?: ItemKey;
  /** Absent: in the bucket, or unknown. */
  readonly payload?: Payload;
  /** In the order of time. */
  readonly path: readonly EventStep[];
}

/** The keys of an item of the event table. A pack contains several events; the console shows its first one. */
export interface ItemKey {
  /** `streamId`, or `streamId#slice` with `events.slices`. */
  readonly partition: string;
  readonly sort: string;
}

export interface Payload {
  /** As received. In a list it is cut at {@link Limits.text}. */
  readonly text: string;
  /** `base64`: the bytes are not valid UTF-8. */
  readonly encoding: "utf8" | "base64";
  /** Length of the whole data. */
  readonly bytes: number;
  readonly cut: boolean;
}

export interface Sampling {
  /** Since the console began. */
  readonly seen: number;
  /** Of these, the events that were not shown because there were too many. */
  readonly notShown: number;
}

/** An event that the processor could not handle. */
export interface FailureView {
  readonly id: string;
  readonly stream: StreamRef;
  readonly key: string;
  readonly at: number;
  readonly attempts: number;
  readonly code: string;
  readonly message: string;
  /** Files and lines, one a line. */
  readonly stack?: string;
  readonly type?: string;
  readonly payload?: Payload;
  /** Its object in the failure bucket. */
  readonly object: string;
  /** Its place in that object. */
  readonly number: number;
  /** Events in that object: commands apply to all of them. */
  readonly eventsInObject: number;
}

export type LogLevel = "debug" | "info" | "warn" | "error";

export interface LogView {
  readonly id: string;
  readonly at: number;
  readonly instance?: string;
  /** `console`: a message of the local stack itself. */
  readonly source: "manager" | "processor" | "watchdog" | "api" | "repeats" | "console" | "other";
  readonly functionName?: string;
  readonly level: LogLevel;
  readonly stream?: StreamRef;
  readonly requestId?: string;
  readonly message: string;
  /** Further lines: the fields as JSON, the stack of an error. */
  readonly detail?: string;
}

export interface AlarmView {
  /** Its name in CloudWatch. */
  readonly id: string;
  readonly instance: string;
  readonly state: "OK" | "ALARM" | "INSUFFICIENT_DATA";
  /** When it took this state. */
  readonly since?: number;
  readonly description?: string;
}

export interface NoticeView {
  readonly id: string;
  readonly level: "info" | "warn";
  /** A sentence; with `what`, the rest of one. */
  readonly text: string;
  /** What the notice is about, such as `the logs of prices`: notices with the same text are shown as one. */
  readonly what?: string;
}

/** `POST /console/commands/NAME`. They are safe to repeat. */
export type Command =
  | { readonly command: "start"; readonly stream: StreamRef }
  | { readonly command: "stop"; readonly stream: StreamRef }
  /** Asks the hop to hand over now, before its time. */
  | { readonly command: "handover"; readonly stream: StreamRef }
  /** Sends the object's events to the processor again. */
  | { readonly command: "redrive"; readonly failure: string }
  /** Sends the events of all objects to the processor again, of all instances. Answered when it has ended. */
  | { readonly command: "redrive-all" }
  /** Deletes the object without processing. */
  | { readonly command: "discard"; readonly failure: string };

/** The answer to a command, and to every refused request. */
export interface CommandResult {
  readonly ok: boolean;
  /** One sentence for the user. */
  readonly message: string;
  /** Of an error: `READ_ONLY`, `STREAM_UNKNOWN`, `UNAUTHORIZED`, …, or the code of the API. */
  readonly code?: string;
}
