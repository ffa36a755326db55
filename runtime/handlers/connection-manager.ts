import type { Context } from "aws-lambda";
import { randomNonce } from "../control/control-deps";
import { hopMeter } from "../control/hop-metrics";
import { parseHopPayload } from "../control/hop-payload";
import { runHop } from "../control/run-hop";
import { timesFor } from "../control/times";
import { dynamodbStore } from "../data/dynamodb-store";
import { createRelay } from "../data/relay";
import { s3Put } from "../data/s3-put";
import { systemClock } from "../support/clock";
import { jsonLogger } from "../support/logger";
import { emfMetrics } from "../support/metrics";
import { connectionTable, invokeFunction } from "./aws";
import { awsClient } from "./aws-client";
import { awsEdge, environment, lambdaCredentials } from "./environment";
import { relaySettings } from "./settings";
import { readSourceSecret } from "./source-secret";

const settings = relaySettings();
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
  const { requestMs } = timesFor(remainingMs);
  const timeoutMs = () => Math.min(requestMs, deadlineAt - clock.now());

  const dynamodb = awsClient("DYNAMODB");
  const lambda = awsClient("LAMBDA");
  const secrets = awsClient("SECRETS_MANAGER");
  const store = dynamodbStore(environment("eventTable"), dataEdge("DYNAMODB"));
  const oversize = s3Put(environment("bucket"), dataEdge("S3"));
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
    const fates = await runHop(
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
    return Object.fromEntries(fates);
  } finally {
    over.abort();
    await metering;
    await Promise.all([store.close(), oversize.close()]);
    for (const client of [dynamodb, lambda, secrets]) client.close();
  }
}

function dataEdge(service: "DYNAMODB" | "S3") {
  const { region, elsewhere } = awsEdge(service);
  return { region, endpoint: elsewhere, credentials: async () => lambdaCredentials() };
}
