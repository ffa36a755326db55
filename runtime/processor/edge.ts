import { ENV } from "../contract";
import { awsEdge, environment, lambdaCredentials } from "../handlers/environment";
import { systemClock } from "../support/clock";
import { jsonLogger } from "../support/logger";
import { emfMetrics } from "../support/metrics";
import type { ProcessorPorts } from "./ports";
import { s3Bucket } from "./s3-bucket";

let ports: ProcessorPorts | undefined;

/**
 * What a processor's handler file would wire, were it ours: the entry point is the user's bundle, so this one file stands in
 * (docs/decisions/0050). Made at the first batch, so that importing a processor (in a test, say) needs nothing of it.
 */
export function lambdaPorts(): ProcessorPorts {
  ports ??= {
    bucket: s3Bucket({
      bucket: environment("bucket"),
      region: awsEdge("S3").region,
      endpoint: awsEdge("S3").elsewhere,
      credentials: async () => lambdaCredentials(),
    }),
    clock: systemClock,
    random: Math.random,
    logger: jsonLogger(),
    // An existing function may have been given the bucket alone.
    metrics: emfMetrics(process.env[ENV.deployment] ?? process.env.AWS_LAMBDA_FUNCTION_NAME ?? "processor"),
  };
  return ports;
}
