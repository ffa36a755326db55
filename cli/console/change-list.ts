/** A list of entries that remembers what changed since the last look. An entry of the same id is replaced in its place. */
export interface ChangeList<T> {
  /** Adds or replaces. The oldest entries over the limit are dropped. */
  put(entry: T): void;
  get(id: string): T | undefined;
  remove(id: string): void;
  /** In the order in which they were added. */
  all(): T[];
  /** What changed since the last call, at most `max` entries; the rest is returned by the next call. */
  take(max?: number): Changes<T>;
}

export interface Changes<T> {
  readonly changed: readonly T[];
  readonly removed: readonly string[];
}

export function changeList<T extends { readonly id: string }>(limit = Number.POSITIVE_INFINITY): ChangeList<T> {
  const entries = new Map<string, T>();
  const changed = new Set<string>();
  const removed = new Set<string>();
  return {
    put(entry) {
      entries.set(entry.id, entry);
      changed.add(entry.id);
      removed.delete(entry.id);
      if (entries.size <= limit) return;
      // The page drops its oldest entries by the same limit, so this is not a removal.
      const [oldest = ""] = entries.keys();
      entries.delete(oldest);
      changed.delete(oldest);
    },
    get: (id) => entries.get(id),
    remove(id) {
      if (!entries.delete(id)) return;
      changed.delete(id);
      removed.add(id);
    },
    all: () => [...entries.values()],
    take(max = Number.POSITIVE_INFINITY) {
      const ids = [...changed].slice(0, max);
      for (const id of ids) changed.delete(id);
      const gone = [...removed];
      removed.clear();
      return { changed: ids.map((id) => entries.get(id)!), removed: gone };
    },
  };
}
