import { type ChangeList, changeList } from "./change-list";
import type { HopView, StreamRef, StreamView } from "./protocol";
import { type ConnectionState, refOf } from "./stream-view";

export const MAX_HOPS = 4_000;
/** A hop that was replaced reads on for some seconds. One that never says that it left has crashed. */
const LEAVES_WITHIN_MS = 60_000;

/** A line of the connection manager, whose fields are documented in `runtime/control/hop/log-events.ts`. */
export interface ManagerLine {
  readonly at: number;
  readonly instance: string;
  readonly requestId: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The hops of each stream, from the log of the connection manager and, where there is none, from the rows. */
export interface HopTimeline {
  readonly list: ChangeList<HopView>;
  log(line: ManagerLine): void;
  /** A stream as its row shows it. */
  observe(at: number, instance: string, stream: ConnectionState): void;
  /** Ends the hops of an instance that does not exist any more. */
  end(at: number, instance: string): void;
  /** The hop that holds a stream. */
  current(stream: StreamRef): StreamView["hop"];
}

type Seam = Pick<HopView, "mode" | "gapMs" | "overlapMs">;
type Invocation = Pick<HopView, "deadlineAt" | "handoverAt">;

export function hopTimeline(): HopTimeline {
  const list = changeList<HopView>(MAX_HOPS);
  /** Times of each invocation. */
  const invocations = bounded<Invocation>();
  /** When an invocation claimed a stream. */
  const claims = bounded<number>();
  /** Handovers whose new hop is not known yet. */
  const seams = bounded<Seam>();
  /** The id of the latest hop of each stream. */
  const latest = new Map<StreamRef, string>();

  function open(hop: Pick<HopView, "stream" | "generation" | "requestId" | "from">): void {
    const id = `${hop.stream}#${hop.generation}`;
    const known = list.get(latest.get(hop.stream) ?? "");
    if (known !== undefined && known.generation > hop.generation) return;
    const { requestId = "" } = hop;
    const claimedAt = claims.get(`${requestId}\n${hop.stream}`);
    const seam = seams.get(id);
    const isHandover = claimedAt !== undefined || seam !== undefined;
    // A line can follow the row that showed the hop first.
    const before = known?.id === id ? undefined : known;
    const began = isHandover ? "handover" : known?.id === id ? known.began : beganAfter(before, hop.requestId);
    list.put({ id, began, ...hop, from: claimedAt ?? hop.from, ...invocations.get(requestId), ...seam });
    latest.set(hop.stream, id);
    if (before !== undefined) endCrashed(before, hop.from);
  }

  /** Ends a hop that does not say that it leaves. */
  function endCrashed(hop: HopView, nextFrom: number): void {
    const isOver = hop.requestId === undefined || (hop.deadlineAt ?? Number.POSITIVE_INFINITY) <= nextFrom;
    if (hop.to === undefined && isOver) list.put({ ...hop, to: nextFrom, ended: hop.requestId && "crashed" });
  }

  return {
    list,
    log({ at, instance, requestId, fields }) {
      const { event, streamId, generation } = fields;
      if (event === "hop-start") {
        const after = (value: unknown) => (typeof value === "number" ? at + value : undefined);
        invocations.set(requestId, { deadlineAt: after(fields.remainingMs), handoverAt: after(fields.handoverInMs) });
      }
      if (typeof streamId !== "string") return;
      const stream = refOf(instance, streamId);
      const id = `${stream}#${generation}`;
      if (event === "claimed") claims.set(`${requestId}\n${stream}`, at);
      if (event === "lease-acquired") open({ stream, generation: Number(generation), requestId, from: at });
      if (event === "handover") {
        const { mode, gapMs, overlapMs } = fields as Seam;
        const seam = { mode, gapMs, overlapMs };
        const hop = list.get(id);
        if (hop === undefined) seams.set(id, seam);
        else list.put({ ...hop, began: "handover", ...seam });
      }
      if (event === "stream-left") {
        const hop = list.all().findLast((one) => one.stream === stream && one.requestId === requestId);
        if (hop !== undefined) list.put({ ...hop, to: at, ended: String(fields.reason ?? "error") });
      }
    },
    observe(at, instance, { streamId, live, generation, connectedSince }) {
      const stream = refOf(instance, streamId);
      const hop = list.get(latest.get(stream) ?? "");
      if (live && (hop === undefined || hop.generation < generation)) {
        const from = connectedSince === undefined ? at : Date.parse(connectedSince);
        open({ stream, generation, requestId: undefined, from });
      }
      if (hop === undefined || hop.to !== undefined) return;
      const isOverdue = at > (hop.deadlineAt ?? Number.POSITIVE_INFINITY) + LEAVES_WITHIN_MS;
      if (!live && (hop.requestId === undefined || isOverdue)) list.put({ ...hop, to: at });
    },
    end(at, instance) {
      for (const hop of list.all())
        if (hop.to === undefined && hop.stream.startsWith(refOf(instance, ""))) list.put({ ...hop, to: at });
    },
    current(stream) {
      const hop = list.get(latest.get(stream) ?? "");
      if (hop === undefined || hop.to !== undefined || hop.requestId === undefined) return undefined;
      const { requestId, deadlineAt, handoverAt } = hop;
      return { requestId, deadlineAt, handoverAt };
    },
  };
}

/** A row shows no claim: there, a hop that replaces one that holds the stream is its successor. */
function beganAfter(before: HopView | undefined, requestId: string | undefined): HopView["began"] {
  if (before === undefined || before.ended === "stopped") return "start";
  return before.to === undefined && requestId === undefined ? "handover" : "after-a-gap";
}

/** A map that forgets its oldest keys. */
function bounded<T>(limit = MAX_HOPS): Pick<Map<string, T>, "get" | "set"> {
  const map = new Map<string, T>();
  return {
    get: (key) => map.get(key),
    set(key, value) {
      if (map.size >= limit) map.delete(map.keys().next().value!);
      return map.set(key, value);
    },
  };
}
