import type { Clock } from "../runtime/support/clock";

/** One change of a table, as its stream holds it. */
export interface Change<T> {
  readonly eventName?: string;
  readonly image?: T;
}

/** A table's change stream, as far as a reader needs it. */
export interface ChangeStream<T> {
  /** All shards; `open` = it may still grow. */
  shards(): Promise<readonly { readonly id: string; readonly open: boolean }[]>;
  iterator(shardId: string, from: "LATEST" | "TRIM_HORIZON"): Promise<string>;
  /** `next` is absent at the end of a closed shard; "throttled" when too many read it. */
  read(iterator: string): Promise<{ readonly changes: readonly Change<T>[]; readonly next?: string } | "throttled">;
}

export interface FollowOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onThrottled?: (waitMs: number) => void;
}

/**
 * A shard bears two readers and Lambda is one of them, four times a second. So this one comes once a second, and when it is
 * told that there are too many it steps back, longer each time, and leaves the room to Lambda.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
 */
const POLL_MS = 1_000;
const FIRST_STEP_BACK_MS = 5_000;
const LONGEST_STEP_BACK_MS = 60_000;

/** New items from now on, until `signal` aborts. In order within a shard; a shard that splits is followed into its children. */
export async function* followInserts<T>(
  stream: ChangeStream<T>,
  { clock, signal, onThrottled = () => {} }: FollowOptions,
): AsyncGenerator<T> {
  const known = new Set<string>();
  const positions = new Map<string, string>();
  let stepBackMs = FIRST_STEP_BACK_MS;

  const discover = async (first: boolean) => {
    for (const { id, open } of await stream.shards()) {
      if (known.has(id)) continue;
      known.add(id);
      // What closed before we came is past; a shard that appears while we read is new from its first record.
      if (!first || open) positions.set(id, await stream.iterator(id, first ? "LATEST" : "TRIM_HORIZON"));
    }
  };

  await discover(true);
  while (!signal.aborted) {
    let waitMs = POLL_MS;
    for (const [shardId, iterator] of positions) {
      const result = await stream.read(iterator);
      if (result === "throttled") {
        waitMs = stepBackMs;
        stepBackMs = Math.min(stepBackMs * 2, LONGEST_STEP_BACK_MS);
        onThrottled(waitMs);
        break;
      }
      stepBackMs = FIRST_STEP_BACK_MS;
      if (result.next === undefined) positions.delete(shardId);
      else positions.set(shardId, result.next);
      for (const { eventName, image } of result.changes) {
        if (signal.aborted) return;
        if (eventName === "INSERT" && image !== undefined) yield image;
      }
      if (result.next === undefined) await discover(false);
    }
    await clock.sleep(waitMs, signal);
  }
}
