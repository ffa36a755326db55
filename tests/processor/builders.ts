import assert from "node:assert/strict";
import type { BatchResponse, FailureReason, LambdaContext, StreamRecord } from "pulumi-stream-ingestion/processor";
import { type Processor, withPorts } from "../../runtime/processor/handlers";
import type { ProcessorPorts } from "../../runtime/processor/ports";
import { StreamError } from "../../runtime/support/errors";
import type { LogFields } from "../../runtime/support/logger";
import type { MetricValues } from "../../runtime/support/metrics";
import { fakeClock } from "../fakes/fake-clock";

/** A record of a plain event. `number` sets its key, sequence and sequence number. */
export function record(number: number, overrides: { streamId?: string; data?: string; image?: object } = {}) {
  const { streamId = "s", data = `{"n":${number}}`, image = {} } = overrides;
  return {
    eventID: `id-${number}`,
    eventName: "INSERT",
    dynamodb: {
      SequenceNumber: `${1000 + number}`,
      Keys: { streamId: { S: streamId }, key: { S: `k${number}` } },
      NewImage: {
        streamId: { S: streamId },
        key: { S: `k${number}` },
        d: { S: data },
        q: { S: `1.1.${number}` },
        r: { N: "1000" },
        ...image,
      },
    },
  } satisfies StreamRecord;
}

/** A clock at the start of an invocation. A backoff of 0 ms passes by itself. */
const invocationClock = () => fakeClock({ startAt: 2_000, autoMs: 0 });

/** Ports in memory. `bucketDown` makes every put fail. Backoff takes no time with the default `random`. */
export function fakePorts({ bucketDown = false, clock = invocationClock(), random = (): number => 0 } = {}) {
  const objects = new Map<string, string>();
  const logs: { level: string; message: string; fields: LogFields }[] = [];
  const metrics: MetricValues[] = [];
  const gets: string[] = [];
  const logger: ProcessorPorts["logger"] = {
    log: (level, message, fields = {}) => logs.push({ level, message, fields }),
    with: () => logger,
  };
  const ports: ProcessorPorts = {
    bucket: {
      get: async (key) => {
        gets.push(key);
        const object = objects.get(key);
        return object === undefined ? undefined : Buffer.from(object);
      },
      put: async (key, body) => {
        if (bucketDown) throw new StreamError("STORE_UNAVAILABLE", "bucket is down", { retryable: true });
        objects.set(key, Buffer.from(body).toString("utf8"));
      },
    },
    clock,
    random,
    logger,
    metrics: (values) => metrics.push(values),
  };
  const failure = (streamId: string, key: string) =>
    JSON.parse(objects.get(`failures/${streamId}/${key}.json`) ?? "null");
  return { ports, clock, objects, logs, metrics, gets, failure };
}

/** Runs a batch through a processor with 30 s of remaining time. */
export function run(
  processor: Processor,
  records: readonly StreamRecord[],
  { ports, clock }: Pick<ReturnType<typeof fakePorts>, "ports" | "clock">,
): Promise<BatchResponse> {
  const endsAt = clock.now() + 30_000;
  const context: LambdaContext = {
    functionName: "processor",
    invokedFunctionArn: "arn:aws:lambda:us-east-1:000000000000:function:processor",
    awsRequestId: "request",
    getRemainingTimeInMillis: () => endsAt - clock.now(),
  };
  return processor[withPorts]({ Records: records }, context, ports);
}

/** The reason of a failure without its stack, which names files of this checkout. @throws AssertionError when it has none */
export function reasonWithoutStack({ stack, ...reason }: FailureReason): FailureReason {
  assert.match(stack ?? "", /^\s+at .+:\d+:\d+/);
  return reason;
}
