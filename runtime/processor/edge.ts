import { ENV } from "../contract";
import { systemClock } from "../support/clock";
import { StreamError } from "../support/errors";
import { jsonLogger } from "../support/logger";
import { emfMetrics } from "../support/metrics";
import type { ProcessorPorts } from "./ports";
import { s3Bucket } from "./s3-bucket";

/**
 * The one file of the processor that reads the environment: its entry point is the user's bundle, so there is no file in
 * `handlers/` to do it. Made at the first batch, so that importing a processor (in a test, say) needs none of it.
 */
export function lambdaPorts(): ProcessorPorts {
  ports ??= {
    bucket: s3Bucket({
      bucket: required(ENV.bucket),
      region: required("AWS_REGION"),
      endpoint: process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL,
      credentials: async () => ({
        accessKeyId: required("AWS_ACCESS_KEY_ID"),
        secretAccessKey: required("AWS_SECRET_ACCESS_KEY"),
        sessionToken: process.env.AWS_SESSION_TOKEN,
      }),
    }),
    clock: systemClock,
    random: Math.random,
    logger: jsonLogger(),
    // An existing function may have been given the bucket alone.
    metrics: emfMetrics(process.env[ENV.deployment] ?? required("AWS_LAMBDA_FUNCTION_NAME")),
  };
  return ports;
}

let ports: ProcessorPorts | undefined;

function required(name: string): string {
  const value = process.env[name];
  if (value) return value;
  throw new StreamError(
    "CONFIG_INVALID",
    `Expected environment variable ${name} to be set, as StreamIngestion does for its processor. In a test, use testProcessor(handler, events)`,
  );
}
