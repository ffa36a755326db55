/**
 * Calls `act` for each item, at most `limit` at a time, until `mayStart` returns false. Returns how many items were not started. An
 * error of `act` ends the calls that have not begun, and is rethrown.
 */
export async function inParallel<T>(
  items: readonly T[],
  { limit, mayStart = () => true }: { readonly limit: number; readonly mayStart?: () => boolean },
  act: (item: T) => Promise<void>,
): Promise<number> {
  let next = 0;
  const work = async () => {
    while (next < items.length && mayStart()) await act(items[next++]!);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work));
  return items.length - next;
}
