import type { StreamView } from "./connection-api";
import { labelOf } from "./live-view";

export interface NewError {
  /** The first stream with it. */
  readonly label: string;
  /** Number of streams with it. */
  readonly count: number;
  readonly message: string;
}

/**
 * The errors that differ from the last one of their stream, by kind: streams of one upstream fail together.
 *
 * @param known - the last message of each stream; is updated
 */
export function newErrors(streams: readonly StreamView[], known: Map<string, string>): ReadonlyMap<string, NewError> {
  const found = new Map<string, NewError>();
  for (const stream of streams) {
    const { code, message } = stream.lastError ?? {};
    const label = labelOf(stream);
    if (message === undefined || known.get(label) === message) continue;
    known.set(label, message);
    const kind = [stream.instance, code, message.replaceAll(stream.streamId, "")].join("\n");
    const same = found.get(kind);
    found.set(kind, same ? { ...same, count: same.count + 1 } : { label, count: 1, message });
  }
  return found;
}
