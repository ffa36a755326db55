import type { RelaySettings } from "../contract";
import { ZERO_COUNTERS } from "../contract";
import type { Clock } from "../support/clock";
import { lazyJson, NO_JSON } from "../support/json-pointer";
import type { Logger } from "../support/logger";
import type { CheckpointTracker } from "./checkpoint-tracker";
import { type ControlEvent, controlEvent, matchingRule, readsJson } from "./control-events";
import { eventNames } from "./event-name";
import type { EventSink } from "./event-sink";
import type { NewEvent } from "./event-writer";
import { contentKey, eventKey } from "./identity";
import { NumberGaps } from "./number-gaps";
import { RecentKeys } from "./recent-keys";
import { canResumeFrom } from "./source/request";

export interface EventPipelineDeps {
  readonly streamId: string;
  readonly generation: number;
  readonly settings: RelaySettings;
  readonly tracker: CheckpointTracker;
  readonly clock: Clock;
  /** Makes the `arrival` keys of this hop unique among all hops. */
  readonly nonce: string;
  readonly log: Logger;
  readonly add: (event: NewEvent, number: number) => void;
  /** Keys to remember, at least. */
  readonly recentKeys: number;
  /** Highest number at `events.sequence` so far. Absent: not known. */
  readonly lastNumber?: number;
}

type Counts = { -readonly [Name in keyof typeof ZERO_COUNTERS]: number };

/** Turns events into items: ignores, identifies, de-duplicates, numbers and encodes. One instance per run; call {@link begin} for each connection. */
export class EventPipeline implements EventSink {
  readonly counts: Counts = { ...ZERO_COUNTERS };
  /** Position of the last event read, settled or not: the next connection of this run resumes here. */
  position: string | undefined;
  serverRetryMs: number | undefined;
  /** Events that the decoders found, in all connections. */
  decoded = 0;
  /** Events read on this connection. */
  counter = 0;
  /** Ends this connection. Events after it are discarded: the next connection, if there is one, reads them again. */
  control: ControlEvent | undefined;
  /** Events of this connection that were not known: no replay, repeat or ignored event. */
  newEvents = 0;
  private connection = 0;
  private sequencePrefix = "";
  private readonly recent: RecentKeys;
  private readonly gaps: NumberGaps;
  /** What is logged once per connection, and was logged on this one. */
  private readonly warned = new Set<string>();
  /** False when no setting reads the event's JSON: then none is parsed. */
  private readonly readsJson: boolean;
  private readonly packs: boolean;
  private readonly nameOf: ReturnType<typeof eventNames>;

  constructor(
    private readonly deps: EventPipelineDeps,
    checkpoint: string | undefined,
  ) {
    this.position = checkpoint;
    this.recent = new RecentKeys(deps.recentKeys);
    this.gaps = new NumberGaps(deps.lastNumber);
    const { source, events } = deps.settings;
    this.packs = events.storage === "packed";
    this.nameOf = eventNames(deps.settings);
    const pointers = [source.resume.pointer, events.sequence, "pointer" in events.identity ? "" : undefined];
    this.readsJson = pointers.some((one) => one !== undefined) || readsJson(source.on);
  }

  begin(connection: number): void {
    this.connection = connection;
    this.sequencePrefix = `${this.deps.generation}.${connection}.`;
    this.counter = 0;
    this.control = undefined;
    this.newEvents = 0;
    this.warned.clear();
  }

  event(data: string | Buffer, dataBytes: number, type: string, id: string, ownId: boolean): void {
    this.decoded++;
    if (this.control !== undefined) return;
    const { settings, tracker, streamId } = this.deps;
    const { on } = settings.source;
    const { identity } = settings.events;
    this.counts.received++;
    const sequence = this.sequencePrefix + ++this.counter;
    const json = this.readsJson ? lazyJson(data) : NO_JSON;
    if (settings.events.sequence !== undefined) this.countMissing(json.textAt(settings.events.sequence));
    const rule = on.length === 0 ? -1 : matchingRule(on, { data, type, json });
    const leaves = rule !== -1 && settings.source.resume.skipIgnored === true;
    const position = leaves ? undefined : this.advanceTo(this.positionOf(id, type, json));
    if (rule !== -1) {
      this.counts.ignored++;
      tracker.addSettled(position, sequence);
      this.control = controlEvent(on, rule, { data, type, json });
      return;
    }
    const key = eventKey(identity, { data, type, id, ownId, json, arrivalKey: this.deps.nonce + sequence });
    if (identity.kind !== "arrival" && (this.packs ? this.isReplay(key, id) : this.isKnown(key, data, type))) {
      tracker.addSettled(position, sequence);
      return;
    }
    this.newEvents++;
    const receivedAt = this.deps.clock.now();
    const { connection, counter } = this;
    this.deps.add(
      { streamId, key, type, id, data, dataBytes, receivedAt, sequence, connection, counter },
      tracker.add(position, sequence),
    );
  }

  refused(digest: string, type: string, id: string): void {
    if (this.control !== undefined) return;
    this.counts.received++;
    this.counts.refused++;
    this.counter++;
    this.gaps.skip();
    this.deps.log.log(
      "error",
      `Refused an event of more than ${this.deps.settings.events.maxEventBytes} bytes. Increase \`events.maxEventBytes\` to store such events.`,
      { code: "EVENT_TOO_LARGE", digest, type, id },
    );
  }

  malformed(bytes: number, digest: string): void {
    if (this.control !== undefined) return;
    this.counts.received++;
    this.counts.refused++;
    this.counter++;
    this.gaps.skip();
    this.deps.log.log(
      "error",
      `Refused a value of ${bytes} bytes: it is not a complete JSON value, and the next record separator follows.`,
      { code: "EVENT_MALFORMED", digest },
    );
  }

  get lastNumber(): number | undefined {
    return this.gaps.highest;
  }

  private countMissing(text: string | undefined): void {
    const number = text === undefined || text.trim() === "" ? Number.NaN : Number(text);
    if (!Number.isSafeInteger(number)) return;
    const after = this.lastNumber;
    const missing = this.gaps.next(number);
    if (missing === 0) return;
    this.counts.missing += missing;
    if (this.warned.has("missing")) return;
    this.warned.add("missing");
    this.deps.log.log("warn", "The source skipped numbers at `events.sequence`", { missing, after, number });
  }

  /** An SSE id without an event. */
  idChanged(id: string): void {
    if (this.control !== undefined) return;
    if (this.resumesById && !this.deps.settings.source.resume.types) this.deps.tracker.addSettled(this.advanceTo(id));
  }

  idRefused(): void {
    if (this.control === undefined) this.refusePosition("An event id is too long, and was ignored");
  }

  retry(ms: number): void {
    this.serverRetryMs = ms;
  }

  /** Ignores a position that cannot be sent back. The previous one is older, which is safe. */
  private advanceTo(position: string | undefined): string | undefined {
    if (position === undefined) return undefined;
    if (!canResumeFrom(position, this.deps.settings.source.resume)) {
      this.refusePosition("The source sent a position that cannot be sent back to it");
      return undefined;
    }
    this.position = position;
    return position;
  }

  /** Logs once per connection: all later events may be the same. */
  private refusePosition(what: string): void {
    if (this.warned.has("position")) return;
    this.warned.add("position");
    this.deps.log.log("warn", `${what}. After a reconnect, the stream resumes from an earlier position.`, {
      code: "POSITION_REFUSED",
    });
  }

  private positionOf(id: string, type: string, json: ReturnType<typeof lazyJson>): string | undefined {
    const { kind, pointer, types } = this.deps.settings.source.resume;
    if (kind === "none" || (types !== undefined && !types.includes(type))) return undefined;
    if (pointer !== undefined) return json.textAt(pointer);
    return id === "" && this.position === undefined ? undefined : id;
  }

  /** Whether the SSE id is the position. */
  private get resumesById(): boolean {
    const { kind, pointer } = this.deps.settings.source.resume;
    return kind !== "none" && pointer === undefined;
  }

  /** Whether an event with this key was read before. Counts duplicates by kind and logs each kind once per connection. */
  private isKnown(key: string, data: string | Buffer, type: string): boolean {
    const content = this.deps.settings.events.identity.kind === "content" ? key : contentKey(data, type);
    const known = this.recent.get(key);
    if (known === undefined) {
      this.recent.add(key, { content, connection: this.connection });
      return false;
    }
    if (known.content !== content) this.count("conflicting", key, "with different data");
    else if (known.connection === this.connection) this.count("repeated", key, "with the same data");
    else this.counts.suppressed++;
    known.connection = this.connection;
    return true;
  }

  /** Packs keep the repeats of a connection. An event that another connection brought is a replay, if nothing else can have its name. */
  private isReplay(key: string, id: string): boolean {
    const { name, unique } = this.nameOf(key, id);
    if (!unique) return false;
    const known = this.recent.get(name);
    if (known === undefined) {
      this.recent.add(name, { content: name, connection: this.connection });
      return false;
    }
    if (known.connection === this.connection) return false;
    this.counts.suppressed++;
    return true;
  }

  private count(kind: "repeated" | "conflicting", key: string, how: string): void {
    this.counts[kind]++;
    if (this.warned.has(kind)) return;
    this.warned.add(kind);
    this.deps.log.log(
      "warn",
      `A key was repeated ${how} on one connection, and the event was not stored. If the events are different, choose another \`events.identity\`.`,
      { kind, key, identity: this.deps.settings.events.identity.kind },
    );
  }
}
