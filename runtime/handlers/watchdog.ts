import { awsClient } from "../aws/json-client";
import { METRIC } from "../contract";
import { randomNonce } from "../control/deps";
import { runWatchdog, type WatchdogReport } from "../control/watchdog/run";
import { systemClock } from "../support/clock";
import { jsonLogger } from "../support/logger";
import { emfMetrics } from "../support/metrics";
import { callSecretsManager, connectionTable, invokeFunction } from "./aws";
import { awsTarget, environment } from "./environment";
import { relaySettings } from "./settings";

const secrets = awsClient(awsTarget("secretsmanager"));
const metrics = emfMetrics(environment("deployment"));
const deps = {
  table: connectionTable(environment("connectionTable")),
  invoke: invokeFunction(environment("connectionManager")),
  clock: systemClock,
  logger: jsonLogger(),
  newNonce: randomNonce,
  release: environment("release"),
  streamsPerHop: relaySettings().relay.streamsPerHop,
  secretVersion: currentSecretVersion,
};

/** The watchdog, every minute: see {@link runWatchdog}. */
export async function handler(): Promise<WatchdogReport> {
  const report = await runWatchdog(deps);
  metrics({ [METRIC.streamsDown]: report.down, [METRIC.streamsFailed]: report.failed });
  return report;
}

/** The version alone: the watchdog has no business with the secret's value. */
async function currentSecretVersion(): Promise<string | undefined> {
  const answer = await callSecretsManager<{ VersionIdsToStages?: Record<string, string[]> }>(
    secrets,
    "DescribeSecret",
    environment("sourceSecret"),
  );
  const versions = Object.entries(answer.VersionIdsToStages ?? {});
  return versions.find(([, stages]) => stages.includes("AWSCURRENT"))?.[0];
}
