import { FAILURE_PREFIX, failurePrefix, LAMBDA_FAILURE_PREFIX } from "pulumi-stream-ingestion/internal";
import { CliError } from "../terminal";
import type { FailureObject, FailureStore } from "./failure-store";

export interface Selection {
  readonly stream?: string;
  /** Epoch milliseconds. */
  readonly since?: number;
}

/** The objects that can contain the selected events, oldest first. Objects that Lambda wrote name no stream, so all of them are included. */
export async function selectObjects(store: FailureStore, { stream, since = 0 }: Selection): Promise<FailureObject[]> {
  const found: FailureObject[] = [];
  const prefixOfStream = stream === undefined ? FAILURE_PREFIX : failurePrefix(stream);
  for (const prefix of [prefixOfStream, LAMBDA_FAILURE_PREFIX])
    for await (const object of store.list(prefix)) if (object.at >= since) found.push(object);
  return found.sort((a, b) => a.at - b.at);
}

const UNIT_MS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The time of an option: a duration such as `90m` before `now`, or a date. */
export function parseTime(option: string, text: string, now: number): number {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  // Date.parse alone accepts any number as a year or month: `discard --since 5` would select everything.
  const date = /^\d{4}-\d\d-\d\d(T.*)?$/.test(text) ? Date.parse(text) : Number.NaN;
  const at = unit === undefined ? date : now - Number(count) * UNIT_MS[unit]!;
  if (at >= 0) return at;
  throw new CliError(
    `Expected ${option} to be a duration (90m, 2h, 7d) or a date (2026-01-31, 2026-01-31T12:00:00Z), got ${text}.`,
    "OPTION_INVALID",
  );
}
