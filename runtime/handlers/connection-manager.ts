import type { Context } from "aws-lambda";
import { awsClient } from "../aws/json-client";
import { s3Client } from "../aws/s3-client";
import { randomNonce } from "../control/deps";
import { capacityOf } from "../control/hop/load";
import { hopMeter } from "../control/hop/metrics";
import { parseHopPayload } from "../control/hop/payload";
import { runHop } from "../control/hop/run-hop";
import { timingFor } from "../control/hop/timing";
import { dynamodbStore } from "../data/dynamodb-store";
import { eventHistory } from "../data/event-history";
import { HopMemory } from "../data/hop-memory";
import { createRelay } from "../data/relay";
import { tokenCache } from "../data/source/oauth2";
import { systemClock } from "../support/clock";
import { jsonLogger } from "../support/logger";
import { emfMetrics } from "../support/metrics";
import { connectionTable, dynamoReads, invokeFunction } from "./aws";
import { awsTarget, environment } from "./environment";
import { runningRelease } from "./release";
import { relaySettings } from "./settings";
import { readSourceSecret } from "./source-secret";

const settings = relaySettings();
const release = runningRelease(__filename);
/** Timeout for storing an oversize event in S3. */
const OVERSIZE_TIMEOUT_MS = 10_000;

/** Set by Lambda. */
const memoryMb = Number(process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE ?? 256);

/** Lambda stops a function that invoked itself about 16 times in one chain. */
const LONGEST_CHAIN = 12;

const metrics = emfMetrics(environment("deployment"));

/**
 * The connection manager: one invocation is one hop. Lambda freezes the environment when the handler returns, so each invocation
 * opens its own sockets and destroys them before it ends.
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
  const done = new AbortController();
  const metering = meter.run(done.signal);
  try {
    const relayDeps = {
      settings,
      readSecret: () => readSourceSecret(secrets, environment("sourceSecret")),
      store,
      oversize: oversize.put,
      history:
        settings.events.storage &&
        eventHistory(environment("eventTable"), dynamoReads({ client: dynamodb }), (item) =>
          logger.log("error", "An item that the previous hop stored cannot be read. The relay ignores it.", {
            ...item,
          }),
        ),
      clock,
      random: Math.random,
      log: logger,
      memory: new HopMemory(memoryMb, payload.streams.length, clock, () => globalThis.gc?.()),
      tokens: tokenCache(clock),
      aws: awsTarget("lambda"),
    };
    const reasons = await runHop(
      payload,
      { deadlineAt },
      {
        table: connectionTable(environment("connectionTable"), { client: dynamodb, timeoutMs }),
        // The name is from the context: in the environment, it would make the Pulumi resource depend on itself.
        invoke: invokeFunction(context.functionName, { client: lambda, timeoutMs }),
        clock,
        logger,
        newNonce: randomNonce,
        createRelay: (options) => meter.watch(createRelay(options, relayDeps)),
        handover: settings.relay.handover,
        longestChain: settings.relay.recursion === "none" ? LONGEST_CHAIN : undefined,
        release,
        storage: settings.events.storage,
        slices: settings.events.slices,
        onHandover: meter.onHandover,
        capacity: capacityOf(Number(context.memoryLimitInMB)),
        maxConnections: settings.source.maxConnections,
        sharing: settings.relay.streamsPerHop > 1,
      },
    );
    return Object.fromEntries(reasons);
  } finally {
    done.abort();
    await metering;
    await store.close();
    for (const client of [dynamodb, lambda, secrets, oversize]) client.close();
  }
}
