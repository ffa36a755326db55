import { type Counters, unaccounted } from "pulumi-stream-ingestion/internal";
import type { Check } from "./check";
import { type Hops, hopsChecks } from "./hops";
import { POISON } from "./poison";

/** The fields of a stored item that the checks use. */
export interface StoredItem {
  readonly key: string;
  readonly type: string;
  /** The SSE id, or "". */
  readonly id: string;
  /** The data as text, or the object's key when the data is in the bucket. */
  readonly data: string;
  /** Whether the data is in the bucket. @default false */
  readonly inBucket?: boolean;
  /** `generation.connection.counter` */
  readonly sequence: string;
}

/** What one run observed. `undefined`: it could not be read. */
export interface Observation {
  readonly unsignedStatus: number;
  readonly items: readonly StoredItem[];
  readonly generations: { readonly first: number; readonly last: number };
  readonly handover: { readonly seconds: number; readonly mode?: string; readonly gapMs?: number } | undefined;
  /** What the run added to the stream's counters. */
  readonly counted: Counters;
  /** Handovers that the stream counted since the first events. */
  readonly handovers: number;
  /** Absent without `--hops`. */
  readonly hops?: Hops;
  /** Whether the deployment starts new chains of hops. */
  readonly newChains: boolean;
  /** Whether no other stream ran. Only then can the numbers of processed and stored events be compared. */
  readonly onlyStream: boolean;
  readonly processing: { readonly processed: number; readonly failures: number } | undefined;
  readonly alarms: readonly Alarm[] | undefined;
  readonly stopped: boolean;
  /** The call of the API after an idle time; absent without `--idle-seconds`. */
  readonly idle?: { readonly seconds: number; readonly error?: string };
  /** Absent without `--poison`. */
  readonly poison?: Check;
  /** The upstream's own numbers of its events; absent without `--numbered-at`. */
  readonly numbering?: Numbering;
  /** The check against a second connection to the upstream; absent without `--upstream`. */
  readonly secondConnection?: Check;
}

/** An alarm of the deployment. */
export interface Alarm {
  readonly name: string;
  /** OK, ALARM or INSUFFICIENT_DATA. */
  readonly state: string;
  /** Whether it is the alarm `watchdogStopped`, which is OK only while the watchdog's metric arrives. */
  readonly ofWatchdog: boolean;
}

export interface Numbering {
  readonly pointer: string;
  readonly missing: number;
  readonly firstGapAfter?: number;
  /** Events without a number. */
  readonly unreadable: number;
}

/** One check for each property that must hold. */
export function evaluateChecks(observation: Observation): Check[] {
  const { items, counted, processing, alarms, generations, handover, hops, handovers, newChains } = observation;
  const storedAfter = items.filter(({ sequence }) => Number(sequence.split(".")[0]) >= generations.last).length;
  const duplicates = countDuplicates(items);
  const { received, refused, abandoned, unknown, resumeLost } = counted;
  const missing = unaccounted(counted);
  return [
    check(
      "the API refuses an unsigned call",
      observation.unsignedStatus === 401 || observation.unsignedStatus === 403,
      `status ${observation.unsignedStatus}`,
    ),
    check("events arrive", items.length > 0, `${items.length} stored`),
    check(
      "the stream is handed over",
      handover !== undefined && generations.last > generations.first,
      handover === undefined
        ? `still generation ${generations.last} at the end of --timeout; a hop hands over up to two minutes after the request`
        : `by ${handover.mode ?? "a new hop"} after ${handover.seconds} s${handover.gapMs === undefined ? "" : `, ${gapText(handover.gapMs)}`}`,
    ),
    check(
      "events arrive after it",
      handover !== undefined && storedAfter > 0,
      handover === undefined ? "no handover" : `${storedAfter} stored by the hops after the handover`,
    ),
    ...hopsChecks({ hops, generations: generations.last - generations.first, handovers, newChains }),
    check(
      "nothing that was received is lost",
      missing === 0 && [refused, abandoned, unknown, resumeLost].every((count) => count <= 0),
      `${received} received, ${refused} refused, ${abandoned} abandoned, ${unknown} unknown, ${missing} unaccounted, ${resumeLost} positions lost`,
    ),
    ...(observation.numbering === undefined ? [] : [numberingCheck(observation.numbering)]),
    ...(observation.secondConnection === undefined ? [] : [observation.secondConnection]),
    check(
      "nothing is stored twice",
      duplicates === 0,
      duplicates === 0 ? "no two items have the same content" : `${duplicates} items twice`,
    ),
    processing === undefined
      ? notChecked("every event is processed once", "the processor's log group cannot be read")
      : processedCheck(items.length, processing, observation.onlyStream),
    ...alarmChecks(alarms),
    check("the stream stops", observation.stopped, observation.stopped ? "no hop owns it" : "a hop still owns it"),
    idleCheck(observation.idle),
    observation.poison ?? notChecked(POISON, "pass --poison"),
  ];
}

function processedCheck(
  stored: number,
  { processed, failures }: { processed: number; failures: number },
  onlyStream: boolean,
): Check {
  const what = "every event is processed once";
  const numbers = `${processed} processed, ${stored} stored, ${failures} failed`;
  if (onlyStream || processed < stored || failures > 0)
    return check(what, processed === stored && failures === 0, numbers);
  return notChecked(what, `${numbers}, but other streams ran too. Run the check while no other stream runs`);
}

function alarmChecks(alarms: readonly Alarm[] | undefined): Check[] {
  const none = "no alarm is in ALARM";
  const watchdog = "the watchdog's metric is received every minute";
  if (alarms === undefined)
    return [none, watchdog].map((what) => notChecked(what, "the alarms do not exist or cannot be read"));
  const active = alarms.filter(({ state }) => state === "ALARM").map(({ name }) => name);
  const ofWatchdog = alarms.find((alarm) => alarm.ofWatchdog);
  const { state = "absent" } = ofWatchdog ?? {};
  const detail = `the alarm watchdogStopped is ${state}`;
  return [
    check(none, active.length === 0, active.join(", ") || "none in ALARM"),
    state === "OK" || state === "ALARM" ? check(watchdog, state === "OK", detail) : notChecked(watchdog, detail),
  ];
}

function idleCheck(idle: Observation["idle"]): Check {
  const what = "the API answers after an idle time";
  if (idle === undefined) return notChecked(what, "pass --idle-seconds 600, which takes ten minutes");
  const { seconds, error } = idle;
  return check(what, error === undefined, `after ${seconds} s${error === undefined ? "" : `: ${error}`}`);
}

function numberingCheck({ pointer, missing, firstGapAfter, unreadable }: Numbering): Check {
  const where = firstGapAfter === undefined ? "" : `, the first after ${firstGapAfter}`;
  return check(
    `the upstream's numbers at ${pointer} have no gap`,
    missing === 0 && unreadable === 0,
    `${missing} missing${where}; ${unreadable} events without a number`,
  );
}

function countDuplicates(items: readonly StoredItem[]): number {
  return items.length - new Set(items.map(({ type, id, data }) => `${type}\n${id}\n${data}`)).size;
}

function gapText(gapMs: number): string {
  return gapMs <= 0 ? `connections overlapped by ${-gapMs} ms` : `a gap of ${gapMs} ms`;
}

function check(what: string, holds: boolean, detail: string): Check {
  return { what, result: holds ? "passed" : "failed", detail };
}

function notChecked(what: string, detail: string): Check {
  return { what, result: "not checked", detail };
}
