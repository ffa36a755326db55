import type { RelaySettings } from "../contract";
import { ZERO_COUNTERS } from "../contract";
import type { Clock } from "../support/clock";
import { lazyJson, NO_JSON } from "../support/json-pointer";
import type { Logger } from "../support/logger";
import type { CheckpointTracker } from "./checkpoint-tracker";
import type { EventSink } from "./event-sink";
import { contentKey, eventKey, isIgnored } from "./identity";
import { encodeItem } from "./item";
import { RecentKeys } from "./recent-keys";
import { canResumeFrom } from "./source-request";
import type { Entry } from "./writer";

export interface IntakeDeps {
  readonly streamId: string;
  readonly generation: number;
  readonly settings: RelaySettings;
  readonly ledger: CheckpointTracker;
  readonly clock: Clock;
  /** Sets this hop's arrivals apart from those of every other. */
  readonly nonce: string;
  readonly log: Logger;
  readonly add: (entry: Entry) => void;
}

type Counts = { -readonly [Name in keyof typeof ZERO_COUNTERS]: number };

const RECENT_KEYS = 8_192;

/** From event to item: ignore, identify, suppress, number, encode. One for a run; {@link begin} for each connection. */
export class Intake implements EventSink {
  readonly counts: Counts = { ...ZERO_COUNTERS };
  /** Position of the last event read, settled or not: where this run goes on. */
  position: string | undefined;
  serverRetryMs: number | undefined;
  /** Events of this connection. */
  counter = 0;
  private connection = 0;
  private sequencePrefix = "";
  private readonly recent = new RecentKeys(RECENT_KEYS);
  private readonly told = new Set<string>();
  /** Most settings never look into an event: no reader is made for each then. */
  private readonly asksJson: boolean;

  constructor(
    private readonly deps: IntakeDeps,
    checkpoint: string | undefined,
  ) {
    this.position = checkpoint;
    const { source, events } = deps.settings;
    this.asksJson =
      "pointer" in source.resume || "pointer" in events.identity || events.ignore.some((rule) => "pointer" in rule);
  }

  begin(connection: number): void {
    this.connection = connection;
    this.sequencePrefix = `${this.deps.generation}.${connection}.`;
    this.counter = 0;
    this.told.clear();
  }

  event(data: string | Buffer, dataBytes: number, type: string, id: string, ownId: boolean): void {
    const { settings, ledger, streamId } = this.deps;
    const { identity, ignore, ttlDays, slices } = settings.events;
    this.counts.received++;
    const sequence = this.sequencePrefix + ++this.counter;
    const json = this.asksJson ? lazyJson(data) : NO_JSON;
    const position = this.moveTo(this.positionOf(id, json));
    if (ignore.length > 0 && isIgnored(ignore, type, json)) {
      this.counts.ignored++;
      ledger.pass(position);
      return;
    }
    const key = eventKey(identity, { data, type, id, ownId, json, arrival: this.deps.nonce + sequence });
    if (identity.kind !== "arrival" && this.isKnown(key, data, type)) {
      ledger.pass(position);
      return;
    }
    const item = encodeItem(
      { streamId, key, type, id, data, dataBytes, receivedAt: this.deps.clock.now(), sequence },
      ttlDays * 86_400,
      slices,
    );
    this.deps.add({ item, number: ledger.open(position) });
  }

  refused(bytes: number, digest: string, type: string, id: string): void {
    this.counts.received++;
    this.counts.refused++;
    this.counter++;
    const allowed = this.deps.settings.events.maxEventBytes;
    this.deps.log.log(
      "error",
      `Refused an event of ${bytes} bytes: \`events.maxEventBytes\` allows ${allowed}. Raise it to store such events.`,
      { code: "EVENT_TOO_LARGE", digest, type, id },
    );
    this.deps.ledger.pass(this.moveTo(this.deps.settings.source.resume.kind === "last-event-id" ? id : undefined));
  }

  /** An SSE id that came without an event. */
  moved(id: string): void {
    if (this.deps.settings.source.resume.kind === "last-event-id") this.deps.ledger.pass(this.moveTo(id));
  }

  retry(ms: number): void {
    this.serverRetryMs = ms;
  }

  /** A position that cannot be sent back is passed over: the one before it is older, which is safe. */
  private moveTo(position: string | undefined): string | undefined {
    if (position === undefined || !canResumeFrom(position, this.deps.settings.source.resume)) return undefined;
    this.position = position;
    return position;
  }

  private positionOf(id: string, json: ReturnType<typeof lazyJson>): string | undefined {
    const { resume } = this.deps.settings.source;
    if (resume.kind === "last-event-id") return id === "" && this.position === undefined ? undefined : id;
    return resume.kind === "none" ? undefined : json.textAt(resume.pointer);
  }

  /** Equal keys are one event. What that swallows is counted by kind, and said once a connection. */
  private isKnown(key: string, data: string | Buffer, type: string): boolean {
    const content = this.deps.settings.events.identity.kind === "content" ? key : contentKey(data, type);
    const known = this.recent.get(key);
    if (known === undefined) {
      this.recent.add(key, { content, connection: this.connection });
      return false;
    }
    if (known.content !== content) this.count("conflicting", key, "with other data");
    else if (known.connection === this.connection) this.count("repeated", key, "with the same data");
    else this.counts.suppressed++;
    known.connection = this.connection;
    return true;
  }

  private count(kind: "repeated" | "conflicting", key: string, how: string): void {
    this.counts[kind]++;
    if (this.told.has(kind)) return;
    this.told.add(kind);
    this.deps.log.log(
      "warn",
      `An event came again ${how} on one connection and was not stored. If these are different events, choose another \`events.identity\`.`,
      { kind, key, identity: this.deps.settings.events.identity.kind },
    );
  }
}
