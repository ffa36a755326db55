import { type S3Client, s3Client } from "../aws/s3-client";
import { ENV } from "../contract";
import { awsTarget, environment } from "../handlers/environment";
import { systemClock } from "../support/clock";
import { jsonLogger } from "../support/logger";
import { emfMetrics } from "../support/metrics";
import type { ProcessorPorts } from "./ports";

const BUCKET_TIMEOUT_MS = 2_000;

/** The ports, with sockets that are closed at the end of each invocation. */
export interface LambdaPorts extends ProcessorPorts {
  readonly bucket: S3Client;
}

let ports: LambdaPorts | undefined;

/**
 * Creates the clients of a processor from the Lambda environment. The Lambda entry point is the user's bundle, so no file in
 * `handlers/` can do this (docs/decisions/0050). The clients are created at the first batch, so that importing a processor in
 * a test needs no environment.
 */
export function lambdaPorts(): LambdaPorts {
  ports ??= {
    bucket: s3Client({ bucket: environment("bucket"), target: awsTarget("s3"), timeoutMs: BUCKET_TIMEOUT_MS }),
    clock: systemClock,
    random: Math.random,
    logger: jsonLogger(),
    // An existing function may only have the bucket in its environment.
    metrics: emfMetrics(process.env[ENV.deployment] ?? process.env.AWS_LAMBDA_FUNCTION_NAME ?? "processor"),
  };
  return ports;
}
