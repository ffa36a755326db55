import { PRICES } from "../size/prices";
import type { Position } from "./run-replay";
import type { FoundItems } from "./stored-items";

/** Events of one invocation, at most. */
const BATCH_EVENTS = 100;

/** Number of stored events. A pack at the edge of the range also has events outside of it. */
export const eventCount = ({ items }: Pick<FoundItems, "items">) => items.reduce((sum, { events }) => sum + events, 0);

/** How many events a replay has, and what it costs. */
export function planText(found: FoundItems): string {
  const events = eventCount(found);
  const count = (value: number) => Math.ceil(value).toLocaleString("en-US");
  const times = found.items.flatMap(({ receivedAt, lastReceivedAt }) => [receivedAt, lastReceivedAt]);
  const [first, last] = [times.reduce((a, b) => Math.min(a, b)), times.reduce((a, b) => Math.max(a, b))];
  // An item is read again by its key: half a unit for each 4 KB, at least.
  const readUnits = Math.max(found.readUnits, found.items.length / 2);
  const invocations = Math.ceil(events / BATCH_EVENTS);
  const dollars = readUnits * PRICES.readUnit + invocations * PRICES.lambdaRequest;
  return [
    `${count(events)} events in ${count(found.items.length)} items, received from ${iso(first)} to ${iso(last)}.`,
    `Finding them took ${count(found.readUnits)} read units. A replay takes about ${count(readUnits)} more and ${count(invocations)} invocations: $${dollars.toPrecision(2)}, and the time of your handler.`,
  ].join("\n");
}

/** The position of an event as `--after` reads it. */
export const positionText = ({ receivedAt, sequence }: Position): string => `${receivedAt}/${sequence}`;

/** Undefined: not a position. */
export function parsePosition(text: string): Position | undefined {
  const [, receivedAt, sequence] = /^(\d{1,15})\/(\d+\.\d+\.\d+)$/.exec(text) ?? [];
  return receivedAt === undefined || sequence === undefined ? undefined : { receivedAt: Number(receivedAt), sequence };
}

const iso = (at: number) => new Date(at).toISOString();
