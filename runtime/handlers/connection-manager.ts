import type { Context } from "aws-lambda";
import { awsClient } from "../aws/json-client";
import { s3Client } from "../aws/s3-client";
import { randomNonce } from "../control/deps";
import { hopMeter } from "../control/hop/metrics";
import { parseHopPayload } from "../control/hop/payload";
import { runHop } from "../control/hop/run-hop";
import { timingFor } from "../control/hop/timing";
import { dynamodbStore } from "../data/dynamodb-store";
import { createRelay } from "../data/relay";
import { systemClock } from "../support/clock";
import { jsonLogger } from "../support/logger";
import { emfMetrics } from "../support/metrics";
import { connectionTable, invokeFunction } from "./aws";
import { awsTarget, environment } from "./environment";
import { relaySettings } from "./settings";
import { readSourceSecret } from "./source-secret";

const settings = relaySettings();
/** Longest that one object of an oversize event may take to be stored. */
const OVERSIZE_TIMEOUT_MS = 10_000;

const metrics = emfMetrics(environment("deployment"));

/**
 * The connection manager: one invocation is one hop. The environment is frozen when it returns, so every socket is made in the
 * invocation and destroyed before its end.
 */
export async function handler(event: unknown, context: Context): Promise<Record<string, string>> {
  const payload = parseHopPayload(event);
  const clock = systemClock;
  const logger = jsonLogger().with({ requestId: context.awsRequestId });
  const remainingMs = context.getRemainingTimeInMillis();
  const deadlineAt = clock.now() + remainingMs;
  const { requestMs } = timingFor(remainingMs);
  const timeoutMs = () => Math.min(requestMs, deadlineAt - clock.now());

  const dynamodb = awsClient(awsTarget("dynamodb"));
  const lambda = awsClient(awsTarget("lambda"));
  const secrets = awsClient(awsTarget("secretsmanager"));
  const store = dynamodbStore(environment("eventTable"), awsTarget("dynamodb"));
  const oversize = s3Client({ bucket: environment("bucket"), target: awsTarget("s3"), timeoutMs: OVERSIZE_TIMEOUT_MS });
  const meter = hopMeter(clock, metrics);
  const over = new AbortController();
  const metering = meter.run(over.signal);
  try {
    const relayDeps = {
      settings,
      readSecret: () => readSourceSecret(secrets, environment("sourceSecret")),
      store,
      oversize: oversize.put,
      clock,
      random: Math.random,
      log: logger,
    };
    const reasons = await runHop(
      payload,
      { deadlineAt },
      {
        table: connectionTable(environment("connectionTable"), { client: dynamodb, timeoutMs }),
        // Its own name, from the context: a name in the environment would make the function depend on itself.
        invoke: invokeFunction(context.functionName, { client: lambda, timeoutMs }),
        clock,
        logger,
        newNonce: randomNonce,
        createRelay: (options) => meter.watch(createRelay(options, relayDeps)),
        handover: settings.relay.handover,
        release: environment("release"),
        onHandover: meter.onHandover,
      },
    );
    return Object.fromEntries(reasons);
  } finally {
    over.abort();
    await metering;
    await store.close();
    for (const client of [dynamodb, lambda, secrets, oversize]) client.close();
  }
}
