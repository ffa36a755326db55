import { addRepeats } from "../control/repeats/add-repeats";
import type { StreamRecord } from "../control/repeats/count-repeats";
import { jsonLogger } from "../support/logger";
import { emfMetrics } from "../support/metrics";
import { connectionTable } from "./aws";
import { environment } from "./environment";

const deps = {
  table: connectionTable(environment("connectionTable")),
  metrics: emfMetrics(environment("deployment")),
  logger: jsonLogger(),
};

/** Invoked with records of items that were written again, at most once a minute while there are any. See {@link addRepeats}. */
export async function handler({ Records = [] }: { readonly Records?: readonly StreamRecord[] }): Promise<void> {
  await addRepeats(Records, deps);
}
