import type { EventView, LogLevel, LogView, StreamView } from "../protocol";

export interface EventFilter {
  readonly stream: string;
  readonly type: string;
  readonly text: string;
  /** `/path`, or `/path` compared with a value by `=`, `<` or `>`. */
  readonly pointer: string;
}

export interface LogFilter {
  /** This level and the more serious ones. */
  readonly level: LogLevel;
  /** Empty: all. */
  readonly source: string;
  readonly stream: string;
  readonly request: string;
  readonly text: string;
}

export const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

const COMPARISON = /^((?:\/[^/<>=]*)+?)\s*(?:([<>=])\s*(.*))?$/;

/** A condition on the JSON of an event, or the sentence that explains why the text is not one. */
export type Pointer = { readonly test: (json: unknown) => boolean } | { readonly problem: string };

export function readPointer(text: string): Pointer {
  const [, path, operator, value = ""] = COMPARISON.exec(text.trim()) ?? [];
  if (path === undefined) return { problem: "Write a JSON pointer: /symbol, /symbol=EUR or /price>1.1" };
  const keys = path
    .slice(1)
    .split("/")
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
  return {
    test: (json) => {
      const found = keys.reduce<unknown>(at, json);
      if (found === undefined) return false;
      if (operator === undefined) return true;
      if (operator === "=") return (typeof found === "object" ? JSON.stringify(found) : String(found)) === value;
      const number = Number(value);
      if (typeof found !== "number" || value === "" || Number.isNaN(number)) return false;
      return operator === ">" ? found > number : found < number;
    },
  };
}

function at(json: unknown, key: string): unknown {
  if (typeof json !== "object" || json === null || !Object.hasOwn(json, key)) return undefined;
  return (json as Readonly<Record<string, unknown>>)[key];
}

/** Undefined: the pointer is not one, so that nothing is filtered by it. */
export function eventTest(filter: EventFilter): (event: EventView) => boolean {
  const stream = contains(filter.stream);
  const type = contains(filter.type);
  const text = contains(filter.text);
  const pointer = filter.pointer.trim() === "" ? undefined : readPointer(filter.pointer);
  return (event) =>
    stream(event.stream) &&
    type(event.type ?? "") &&
    text(`${event.key} ${event.eventId ?? ""} ${event.payload?.text ?? ""}`) &&
    (pointer === undefined || "problem" in pointer || pointer.test(jsonOf(event)));
}

/** An event is filtered again with each update. */
const parsed = new WeakMap<EventView, { readonly json: unknown }>();

function jsonOf(event: EventView): unknown {
  const known = parsed.get(event);
  if (known !== undefined) return known.json;
  let json: unknown;
  try {
    json = JSON.parse(event.payload?.text ?? "");
  } catch {
    json = undefined;
  }
  parsed.set(event, { json });
  return json;
}

export function logTest(filter: LogFilter): (log: LogView) => boolean {
  const level = LEVELS.indexOf(filter.level);
  const stream = contains(filter.stream);
  const request = contains(filter.request);
  const text = contains(filter.text);
  return (log) =>
    LEVELS.indexOf(log.level) >= level &&
    (filter.source === "" || log.source === filter.source) &&
    stream(log.stream ?? "") &&
    request(log.requestId ?? "") &&
    text(`${log.message} ${log.detail ?? ""}`);
}

/** Every word is in the stream's name or state. */
export function streamTest(text: string): (stream: StreamView) => boolean {
  const words = text.split(/\s+/).map(contains);
  return ({ id, state }) => words.every((word) => word(`${id} ${state}`));
}

function contains(wanted: string): (text: string) => boolean {
  const lower = wanted.trim().toLowerCase();
  return lower === "" ? () => true : (text) => text.toLowerCase().includes(lower);
}
