import { EVENT_KEY, FAILURE_PREFIX, STREAM_ID_KEY } from "../contract";
import { encodeItem } from "../data/item";
import type { Failure } from "../processor/failure";
import { type Processor, withPorts } from "../processor/handlers";
import type { StreamRecord } from "../processor/lambda";
import { textOrBytes } from "../processor/load";
import type { ProcessorPorts } from "../processor/ports";
import { systemClock } from "../support/clock";
import { silentLogger } from "../support/logger";

/** An event for a test. Every field has a default. */
export interface TestEvent {
  /** @default "test" */
  readonly streamId?: string;
  /** @default "event-1", "event-2", … */
  readonly key?: string;
  /** @default "message" */
  readonly type?: string;
  readonly id?: string;
  /** Strings and bytes are passed unchanged; any other value is encoded as JSON. */
  readonly data?: unknown;
  /** Epoch milliseconds. @default now */
  readonly receivedAt?: number;
  /** @default "1.1.1", "1.1.2", … */
  readonly sequence?: string;
}

export interface TestOptions {
  /** The function's timeout. @default 30_000 */
  readonly timeoutMs?: number;
}

export interface TestResult {
  /** The objects that the failure bucket would contain. */
  readonly failures: readonly Failure[];
  /** Keys of events that Lambda would deliver again. */
  readonly redelivered: readonly string[];
}

/** Any value works, because nothing expires in a test. */
const TTL_SECONDS = 60;

/**
 * Passes `events` to a processor as one batch, with the same steps as in AWS (encoding, compression, oversize data, order,
 * retries, failures), an in-memory bucket and no backoff delay. It needs no AWS account.
 *
 * @example
 * const { failures } = await testProcessor(handler, [{ data: { price: 1 } }, { data: "not JSON" }]);
 */
export async function testProcessor(
  processor: Processor,
  events: readonly TestEvent[],
  { timeoutMs = 30_000 }: TestOptions = {},
): Promise<TestResult> {
  const objects = new Map<string, Uint8Array>();
  const records = events.map((event, index) => testRecord(event, index + 1, objects));
  const endsAt = Date.now() + timeoutMs;
  const ports: ProcessorPorts = {
    bucket: {
      get: async (key) => objects.get(key),
      put: async (key, body) => void objects.set(key, body),
    },
    clock: systemClock,
    random: () => 0,
    logger: silentLogger,
    metrics: () => {},
  };
  const context = {
    functionName: "test",
    invokedFunctionArn: "arn:aws:lambda:us-east-1:000000000000:function:test",
    awsRequestId: "test",
    getRemainingTimeInMillis: () => endsAt - Date.now(),
  };
  const { batchItemFailures } = await processor[withPorts]({ Records: records }, context, ports);
  const again = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
  return {
    failures: [...objects]
      .filter(([key]) => key.startsWith(FAILURE_PREFIX))
      .map(([, body]) => JSON.parse(Buffer.from(body).toString("utf8"))),
    redelivered: records
      .filter(({ dynamodb }) => again.has(dynamodb!.SequenceNumber!))
      .map(({ dynamodb }) => dynamodb!.Keys![EVENT_KEY]!.S!),
  };
}

function testRecord(event: TestEvent, number: number, objects: Map<string, Uint8Array>): StreamRecord {
  const { streamId = "test", key = `event-${number}`, type = "message", id = "", receivedAt = Date.now() } = event;
  const plain = typeof event.data === "string" || event.data instanceof Uint8Array ? event.data : undefined;
  const data = toStored(plain ?? JSON.stringify(event.data ?? null));
  const item = encodeItem(
    {
      streamId,
      key,
      type,
      id,
      data,
      dataBytes: Buffer.byteLength(data),
      receivedAt,
      sequence: event.sequence ?? `1.1.${number}`,
    },
    TTL_SECONDS,
    1,
  );
  if (item.oversize) objects.set(item.oversize.key, item.oversize.bytes);
  return {
    eventID: `${number}`,
    eventName: "INSERT",
    dynamodb: {
      SequenceNumber: `${number}`,
      Keys: { [STREAM_ID_KEY]: { S: streamId }, [EVENT_KEY]: { S: key } },
      NewImage: JSON.parse(item.json),
    },
  };
}

function toStored(data: string | Uint8Array): string | Buffer {
  if (typeof data === "string") return data;
  const stored = textOrBytes(data);
  return typeof stored === "string" ? stored : Buffer.from(stored);
}
