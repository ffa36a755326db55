import type { Context } from "aws-lambda";
import { awsClient } from "../aws/json-client";
import { randomNonce } from "../control/deps";
import { reportMetrics, type WatchdogReport } from "../control/watchdog/report";
import { runWatchdog } from "../control/watchdog/run";
import { systemClock } from "../support/clock";
import { jsonLogger } from "../support/logger";
import { emfMetrics } from "../support/metrics";
import { callSecretsManager, connectionTable, invokeFunction } from "./aws";
import { awsTarget, environment, maxConnections, sharedRequest } from "./environment";
import { relaySettings } from "./settings";

const dynamodb = awsClient(awsTarget("dynamodb"));
const lambda = awsClient(awsTarget("lambda"));
const secrets = awsClient(awsTarget("secretsmanager"));
const metrics = emfMetrics(environment("deployment"));
const deps = {
  table: connectionTable(environment("connectionTable"), { client: dynamodb }),
  invoke: invokeFunction(environment("connectionManager"), { client: lambda }),
  clock: systemClock,
  logger: jsonLogger(),
  newNonce: randomNonce,
  sharedRequest: sharedRequest(),
  maxConnections: maxConnections(),
  release: environment("release"),
  declaredRow: environment("declaredRow"),
  streamsPerHop: relaySettings().relay.streamsPerHop,
  endsChains: relaySettings().relay.recursion === "none",
  secretVersion: currentSecretVersion,
};

/** Time for the calls in flight and the invocations of hops when no further action begins. */
const LAST_CALLS_MS = 15_000;

/** The watchdog, invoked every minute. See {@link runWatchdog}. */
export async function handler(_event: unknown, context: Context): Promise<WatchdogReport> {
  const until = systemClock.now() + context.getRemainingTimeInMillis() - LAST_CALLS_MS;
  const report = await runWatchdog(deps, { until }).finally(closeSockets);
  metrics(reportMetrics(report));
  return report;
}

function closeSockets(): void {
  for (const client of [dynamodb, lambda, secrets]) client.close();
}

/** Reads the version only: the watchdog has no permission for the value. */
async function currentSecretVersion(): Promise<string | undefined> {
  const response = await callSecretsManager<{ VersionIdsToStages?: Record<string, string[]> }>(
    secrets,
    "DescribeSecret",
    environment("sourceSecret"),
  );
  const versions = Object.entries(response.VersionIdsToStages ?? {});
  return versions.find(([, stages]) => stages.includes("AWSCURRENT"))?.[0];
}
