import { METRIC } from "../../contract";
import type { Logger } from "../../support/logger";
import type { Metrics } from "../../support/metrics";
import { type ConnectionTable, write } from "../table/connection-table";
import type { RowChange } from "../table/row-change";
import { countRepeats, type Repeats, type StreamRecord } from "./count-repeats";

export interface RepeatCounterDeps {
  readonly table: ConnectionTable;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/**
 * Adds the repeats of one batch to the rows of their streams. Lambda delivers a failed batch again with the same records, so
 * each row remembers the last batch that it has counted.
 * @throws StreamError STORE_UNAVAILABLE: Lambda repeats the batch
 */
export async function addRepeats(records: readonly StreamRecord[], deps: RepeatCounterDeps): Promise<void> {
  const batch = `${records[0]?.eventID}/${records.at(-1)?.eventID}`;
  const counted = countRepeats(records);
  const added = { overwritten: 0, overlapCopies: 0 };
  const writes = [...counted].map(async ([streamId, repeats]) => {
    const { applied } = await write(deps.table, streamId, addition(repeats, batch));
    if (!applied) return;
    added.overwritten += repeats.overwritten;
    added.overlapCopies += repeats.overlapCopies;
  });
  const failed = (await Promise.allSettled(writes)).find((one) => one.status === "rejected");
  deps.metrics({
    ...(added.overwritten > 0 && { [METRIC.overwritten]: added.overwritten }),
    ...(added.overlapCopies > 0 && { [METRIC.overlapCopies]: added.overlapCopies }),
  });
  if (failed) throw failed.reason;
  deps.logger.log("info", "Counted events that were written again", { event: "repeats", batch, ...added });
}

function addition({ overwritten, overlapCopies }: Repeats, batch: string): RowChange {
  return {
    name: "add-repeats",
    when: [{ present: "streamId" }, { differs: ["countedBatch", batch] }],
    set: { countedBatch: batch },
    add: { "counters.overwritten": overwritten, "counters.overlapCopies": overlapCopies },
    wasAppliedTo: (row) => row.countedBatch === batch,
  };
}
