import { awsClient } from "../aws/json-client";
import { addRepeats } from "../control/repeats/add-repeats";
import type { StreamRecord } from "../control/repeats/count-repeats";
import { jsonLogger } from "../support/logger";
import { emfMetrics } from "../support/metrics";
import { connectionTable } from "./aws";
import { awsTarget, environment } from "./environment";

const dynamodb = awsClient(awsTarget("dynamodb"));
const deps = {
  table: connectionTable(environment("connectionTable"), { client: dynamodb }),
  metrics: emfMetrics(environment("deployment")),
  logger: jsonLogger(),
};

/** Invoked with records of items that were written again, at most once a minute while there are any. See {@link addRepeats}. */
export async function handler({ Records = [] }: { readonly Records?: readonly StreamRecord[] }): Promise<void> {
  await addRepeats(Records, deps).finally(() => dynamodb.close());
}
