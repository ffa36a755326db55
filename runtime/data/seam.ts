/** An event as both hops know it: what identifies it, and when the one or the other received it. */
export interface SeamEvent {
  /** Key and SSE id. */
  readonly name: string;
  readonly at: number;
  /** Whether no other event has this name: the source gave it an id or a position. */
  readonly unique: boolean;
}

/** Clocks of two hops differ, and a server sends an event to two connections at slightly different times. */
export const MARGIN_MS = 1_000;
/** For a feed whose names do not repeat: a connection may lag behind, and an equal name is then the same event. */
export const MAX_MARGIN_MS = 10_000;
/** So many events show whether names repeat. */
const ENOUGH_EVENTS = 20;
/** Following events that are compared to decide between several matches. */
const LOOK_AHEAD = 4;

/**
 * The seam of two hops: which events of the successor the predecessor stored already. Both received a part of the same feed, in
 * order, and the end of the one part is the beginning of the other:
 *
 *     predecessor   … a b a c b | a c          stored, read back
 *     successor             c b   a c | d a …  the first four are stored, the last `a` is new
 *
 * An event with a unique name matches wherever it is. Another one matches only in order, near in time, and only where the
 * following events confirm it or the predecessor's part ends. In doubt it is new: then an event is stored twice, and none is lost.
 */
export class Seam {
  private readonly names: string[] = [];
  private readonly times: number[] = [];
  /** By name: the position that is not matched yet, or several, ascending. */
  private readonly positions = new Map<string, number | number[]>();
  /** Where the next event is expected. Undefined: the beginning of the successor's part is not found yet. */
  private next: number | undefined;
  private readonly marginMs: number;
  /** An event without a unique name that is received later matches none. */
  private endsAt = 0;
  private hasUnique = false;

  constructor(stored: Iterable<SeamEvent>) {
    for (const { name, at, unique } of stored) {
      const position = this.names.push(name) - 1;
      this.times.push(at);
      const earlier = this.positions.get(name);
      if (typeof earlier === "object") earlier.push(position);
      else this.positions.set(name, earlier === undefined ? position : [earlier, position]);
      this.endsAt = Math.max(this.endsAt, at);
      this.hasUnique ||= unique;
    }
    const repeats = this.positions.size < this.names.length || this.names.length < ENOUGH_EVENTS;
    this.marginMs = repeats ? MARGIN_MS : MAX_MARGIN_MS;
    this.endsAt += this.marginMs;
  }

  /** No stored event can match any more. */
  get isOver(): boolean {
    return this.positions.size === 0;
  }

  /** Whether the predecessor stored this event. Call it for each event in order. `following` are the next ones, as far as known. */
  isStored(event: SeamEvent, following: readonly SeamEvent[]): boolean {
    if (event.at > this.endsAt && !this.hasUnique) this.positions.clear();
    const left = this.positions.get(event.name);
    if (left === undefined) return false;
    const positions = typeof left === "number" ? [left] : left;
    const position = event.unique ? positions[0] : this.positionInOrder(positions, event, following);
    if (position === undefined) return false;
    this.match(event.name, positions, position);
    return true;
  }

  private positionInOrder(
    positions: readonly number[],
    event: SeamEvent,
    following: readonly SeamEvent[],
  ): number | undefined {
    const { next } = this;
    const distance = (position: number) => Math.abs(this.times[position]! - event.at);
    if (next !== undefined && this.names[next] === event.name && distance(next) <= this.marginMs) return next;
    const [nearest] = positions
      .filter((position) => (next === undefined || position >= next) && distance(position) <= this.marginMs)
      .filter((position) => this.isConfirmed(position, following))
      .sort((a, b) => distance(a) - distance(b));
    return nearest;
  }

  /** Whether the predecessor's part ends here, or goes on as the successor's does. */
  private isConfirmed(position: number, following: readonly SeamEvent[]): boolean {
    const after = this.names[position + 1];
    return after === undefined || following.slice(0, LOOK_AHEAD).some(({ name }) => name === after);
  }

  private match(name: string, positions: number[], position: number): void {
    // What is before it in order cannot match any more.
    positions.splice(0, positions.indexOf(position) + 1);
    if (positions.length === 0) this.positions.delete(name);
    if (this.next === undefined || position >= this.next) this.next = position + 1;
  }
}
