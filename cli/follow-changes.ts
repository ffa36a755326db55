import type { Clock } from "pulumi-stream-ingestion/internal";

/** One record of a table's change stream. */
export interface Change<T> {
  readonly eventName?: string;
  readonly image?: T;
}

/** The operations on a change stream that a reader uses. */
export interface ChangeStream<T> {
  /** All shards; `open`: it can receive further records. */
  shards(): Promise<readonly { readonly id: string; readonly open: boolean }[]>;
  iterator(shardId: string, from: "LATEST" | "TRIM_HORIZON"): Promise<string>;
  /** `next` is absent at the end of a closed shard. "throttled": the shard has too many readers. */
  read(iterator: string): Promise<{ readonly changes: readonly Change<T>[]; readonly next?: string } | "throttled">;
}

export interface FollowOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onThrottled?: (waitMs: number) => void;
  /** Called after each read of all shards. */
  readonly onRead?: () => void;
}

/**
 * A shard supports two readers, and Lambda is one of them with four reads a second. This reader polls once a second. When it
 * is throttled it backs off, longer each time, so that Lambda can read.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
 */
const POLL_MS = 1_000;
const MIN_BACKOFF_MS = 5_000;
const MAX_BACKOFF_MS = 60_000;

/** New items from now on, until `signal` aborts, in order within a shard. Follows the children of a shard that closes. */
export async function* followInserts<T>(
  stream: ChangeStream<T>,
  { clock, signal, onThrottled = () => {}, onRead = () => {} }: FollowOptions,
): AsyncGenerator<T> {
  const known = new Set<string>();
  const positions = new Map<string, string>();
  let backoffMs = MIN_BACKOFF_MS;

  const discover = async (first: boolean) => {
    for (const { id, open } of await stream.shards()) {
      if (known.has(id)) continue;
      known.add(id);
      // A shard that was closed at the start has no new records. A shard that appears later is new from its first record.
      if (!first || open) positions.set(id, await stream.iterator(id, first ? "LATEST" : "TRIM_HORIZON"));
    }
  };

  await discover(true);
  while (!signal.aborted) {
    let waitMs = POLL_MS;
    let isThrottled = false;
    for (const [shardId, iterator] of positions) {
      const result = await stream.read(iterator);
      if (result === "throttled") {
        isThrottled = true;
        waitMs = backoffMs;
        backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS);
        onThrottled(waitMs);
        break;
      }
      backoffMs = MIN_BACKOFF_MS;
      if (result.next === undefined) positions.delete(shardId);
      else positions.set(shardId, result.next);
      for (const { eventName, image } of result.changes) {
        if (signal.aborted) return;
        if (eventName === "INSERT" && image !== undefined) yield image;
      }
      if (result.next === undefined) await discover(false);
    }
    if (!isThrottled) onRead();
    await clock.sleep(waitMs, signal);
  }
}
