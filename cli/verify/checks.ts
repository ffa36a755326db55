import type { Counters } from "../../runtime/contract";

/** An item of the event table, as far as it is judged. */
export interface SeenItem {
  readonly key: string;
  readonly type: string;
  /** SSE id; "" = none. */
  readonly id: string;
  /** Text, or the object's key where the data lies in the bucket. */
  readonly data: string;
  /** Whether the data lies in the bucket. @default false */
  readonly inBucket?: boolean;
  /** `generation.connection.counter` */
  readonly sequence: string;
}

/** Everything that was seen of one run. `undefined` = the endpoint cannot tell. */
export interface Observation {
  readonly unsignedStatus: number;
  readonly items: readonly SeenItem[];
  readonly generations: { readonly first: number; readonly last: number };
  readonly handover: { readonly seconds: number; readonly mode?: string; readonly gapMs?: number } | undefined;
  /** What the run added to the stream's counters. */
  readonly counted: Counters;
  /** Whether no other stream ran: then what was processed is compared to the event. */
  readonly alone: boolean;
  readonly processing: { readonly processed: number; readonly failures: number } | undefined;
  /** Alarms in state ALARM. */
  readonly ringing: readonly string[] | undefined;
  readonly stopped: boolean;
  /** What the numbers tell that upstream gives its events; absent = none were named. */
  readonly numbering?: Numbering;
  /** What a second connection to upstream tells; absent = none was asked for. */
  readonly witnessed?: Check;
}

export interface Numbering {
  readonly pointer: string;
  readonly missing: number;
  readonly firstHoleAfter?: number;
  /** Events without a number. */
  readonly unreadable: number;
}

export interface Check {
  readonly what: string;
  readonly result: "passed" | "missed" | "not seen";
  readonly detail: string;
}

/** The verdict: one line for each thing that must hold. */
export function judge(seen: Observation): Check[] {
  const { items, counted, processing, ringing, generations, handover } = seen;
  const afterwards = items.filter(({ sequence }) => Number(sequence.split(".")[0]) >= generations.last).length;
  const twice = repeatedData(items);
  const dropped = counted.refused + counted.abandoned;
  return [
    check(
      "the API refuses an unsigned call",
      seen.unsignedStatus === 401 || seen.unsignedStatus === 403,
      `status ${seen.unsignedStatus}`,
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
      handover !== undefined && afterwards > 0,
      `${afterwards} stored by the hops after the hand-over`,
    ),
    check(
      "nothing that was read is lost",
      dropped === 0 && counted.resumeLost === 0,
      `${counted.received} read, ${counted.refused} refused, ${counted.abandoned} abandoned, ${counted.resumeLost} positions lost`,
    ),
    ...(seen.numbering === undefined ? [] : [numberingCheck(seen.numbering)]),
    ...(seen.witnessed === undefined ? [] : [seen.witnessed]),
    check("nothing is stored twice", twice === 0, twice === 0 ? "no two items say the same" : `${twice} items twice`),
    processing === undefined
      ? unseen("every event is processed once", "no log group of the processor can be read")
      : processedCheck(items.length, processing, seen.alone),
    ringing === undefined
      ? unseen("the alarms are quiet", "no alarms can be read")
      : check("the alarms are quiet", ringing.length === 0, ringing.join(", ") || "none rings"),
    check("the stream stops", seen.stopped, seen.stopped ? "no hop holds it" : "a hop still holds it"),
  ];
}

function processedCheck(
  stored: number,
  { processed, failures }: { processed: number; failures: number },
  alone: boolean,
) {
  const right = alone ? processed === stored : processed >= stored;
  const others = alone ? "" : " (other streams ran too: at least as many)";
  return check(
    "every event is processed once",
    right && failures === 0,
    `${processed} processed, ${stored} stored, ${failures} failed${others}`,
  );
}

function numberingCheck({ pointer, missing, firstHoleAfter, unreadable }: Numbering): Check {
  const where = firstHoleAfter === undefined ? "" : `, the first after ${firstHoleAfter}`;
  return check(
    `upstream's numbers at ${pointer} have no hole`,
    missing === 0 && unreadable === 0,
    `${missing} missing${where}; ${unreadable} events without a number`,
  );
}

function repeatedData(items: readonly SeenItem[]): number {
  return items.length - new Set(items.map(({ type, id, data }) => `${type}\n${id}\n${data}`)).size;
}

function gapText(gapMs: number): string {
  return gapMs <= 0 ? `connections overlapped by ${-gapMs} ms` : `a gap of ${gapMs} ms`;
}

function check(what: string, holds: boolean, detail: string): Check {
  return { what, result: holds ? "passed" : "missed", detail };
}

function unseen(what: string, detail: string): Check {
  return { what, result: "not seen", detail };
}
