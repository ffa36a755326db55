import type { ConnectionRow } from "../../contract";
import { groupBy } from "../../support/group-by";

/**
 * The ids of hops that have ended without a release: the row that shows until when the hop is alive shows a past time, and no other row
 * of the hop a later one. Where no row shows a time, the stream that wrote it has just left the hop.
 */
export function lostHops(rows: readonly ConnectionRow[], now: number): ReadonlySet<string> {
  const owned = rows.filter(({ owner, hop, beatUntil }) => owner !== undefined && hop && beatUntil !== undefined);
  const lost = [...groupBy(owned, ({ hop }) => hop!.id)].filter(([, beats]) =>
    beats.every(({ beatUntil = 0 }) => beatUntil <= now),
  );
  return new Set(lost.map(([id]) => id));
}

/** Whether the row's owner is in a hop that was lost. */
export const isLost = (row: ConnectionRow, lost: ReadonlySet<string>): boolean =>
  row.owner !== undefined && row.hop !== undefined && lost.has(row.hop.id);
