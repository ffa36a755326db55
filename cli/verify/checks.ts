import { type Counters, unaccounted } from "pulumi-stream-ingestion/internal";

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
  /** Whether no other stream ran. Then the number of processed events must be equal, otherwise at least as high. */
  readonly onlyStream: boolean;
  readonly processing: { readonly processed: number; readonly failures: number } | undefined;
  /** Alarms in state ALARM. */
  readonly activeAlarms: readonly string[] | undefined;
  readonly stopped: boolean;
  /** The upstream's own numbers of its events; absent without `--numbered-at`. */
  readonly numbering?: Numbering;
  /** The check against a second connection to the upstream; absent without `--upstream`. */
  readonly secondConnection?: Check;
}

export interface Numbering {
  readonly pointer: string;
  readonly missing: number;
  readonly firstGapAfter?: number;
  /** Events without a number. */
  readonly unreadable: number;
}

export interface Check {
  readonly what: string;
  readonly result: "passed" | "failed" | "not checked";
  readonly detail: string;
}

/** One check for each property that must hold. */
export function evaluateChecks(observation: Observation): Check[] {
  const { items, counted, processing, activeAlarms, generations, handover } = observation;
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
        ? `still generation ${generations.last}`
        : `by ${handover.mode ?? "a new hop"} after ${handover.seconds} s${handover.gapMs === undefined ? "" : `, ${gapText(handover.gapMs)}`}`,
    ),
    check(
      "events arrive after it",
      handover !== undefined && storedAfter > 0,
      `${storedAfter} stored by the hops after the handover`,
    ),
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
    activeAlarms === undefined
      ? notChecked("no alarm is in ALARM", "the alarms cannot be read")
      : check("no alarm is in ALARM", activeAlarms.length === 0, activeAlarms.join(", ") || "none in ALARM"),
    check("the stream stops", observation.stopped, observation.stopped ? "no hop owns it" : "a hop still owns it"),
  ];
}

function processedCheck(
  stored: number,
  { processed, failures }: { processed: number; failures: number },
  onlyStream: boolean,
) {
  const complete = onlyStream ? processed === stored : processed >= stored;
  const others = onlyStream ? "" : " (other streams ran too: at least as many)";
  return check(
    "every event is processed once",
    complete && failures === 0,
    `${processed} processed, ${stored} stored, ${failures} failed${others}`,
  );
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
