import { isUtf8 } from "node:buffer";
import { CloudWatchClient, paginateDescribeAlarms } from "@aws-sdk/client-cloudwatch";
import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import {
  type ConnectionView,
  EVENT_KEY,
  readFailureObject,
  STREAM_ID_KEY,
  storedEvents,
} from "pulumi-stream-ingestion/internal";
import { connectionClient } from "../connection-client";
import { type FailureObject, s3FailureStore } from "../failures/failure-store";
import { lambdaProcessor } from "../failures/invoke-processor";
import { type RedriveResult, redrive } from "../failures/redrive";
import { selectObjects } from "../failures/select";
import { requestHandover } from "../request-handover";
import { CliError } from "../terminal";
import type { Deployment } from "../verify/find-deployment";
import type { CommandTarget } from "./commands";
import { MAX_FAILURES } from "./failure-list";
import { dataOf, failureViews } from "./failure-view";
import type { PayloadSource } from "./payload-reader";
import type { AlarmView, FailureView } from "./protocol";

/** How this process calls AWS. Absent values come from the AWS credential chain. */
export interface AwsAccess {
  readonly region?: string;
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** What the console reads of one `StreamIngestion`, and its commands. */
export interface AwsInstance extends CommandTarget, PayloadSource {
  readonly deployment: Deployment;
  streams(): Promise<readonly ConnectionView[]>;
  failures(): Promise<readonly FailureView[]>;
  alarms(): Promise<readonly AlarmView[]>;
  close(): void;
}

/** Objects that one call reads. The others follow with the next call. */
const READ_AT_ONCE = 100;

export async function awsInstance(deployment: Deployment, access: AwsAccess): Promise<AwsInstance> {
  const { instance, apiUrl, connectionTable, eventTable, bucket, processorArn, alarmNames } = deployment;
  const { region, credentials } = access;
  const apiKey = process.env.STREAM_INGESTION_API_KEY;
  const client = connectionClient({ apiUrl, region, apiKey, ...(credentials && { credentials }) });
  const dynamo = new DynamoDBClient(access);
  const cloudWatch = new CloudWatchClient(access);
  const store = await s3FailureStore(bucket, region, access);
  /** By object: its failed events, and when it was written. */
  let known = new Map<string, { readonly at: number; readonly views: readonly FailureView[] }>();

  const closed = new AbortController();

  async function redriven(objects: readonly FailureObject[]): Promise<RedriveResult & { unreadable?: string }> {
    if (processorArn === undefined)
      throw new CliError("The stack's state does not contain the processor.", "NO_PROCESSOR");
    let unreadable: string | undefined;
    const invoke = await lambdaProcessor(processorArn, region, access);
    const result = await redrive(objects, undefined, {
      store,
      invoke,
      signal: closed.signal,
      now: Date.now,
      onEvent: () => {},
      onUnreadable: (key, { message }) => {
        unreadable = `${key}: ${message}`;
      },
    }).finally(invoke.close);
    return { ...result, unreadable };
  }

  return {
    deployment,
    start: (streamId) => client.start(streamId, true),
    stop: (streamId) => client.stop(streamId),
    requestHandover: (streamId) => requestHandover(dynamo, connectionTable, streamId),
    async redrive(object) {
      const { unreadable, ...result } = await redriven([{ key: object, at: 0 }]);
      if (unreadable !== undefined) throw new CliError(unreadable, "UNREADABLE");
      return result;
    },
    redriveAll: async () => redriven(await selectObjects(store, {})),
    discard: (object) => store.delete(object),

    async eventData({ partition, sort }) {
      const Key = { [STREAM_ID_KEY]: { S: partition }, [EVENT_KEY]: { S: sort } };
      const { Item } = await dynamo.send(new GetItemCommand({ TableName: eventTable, Key }));
      const [event] = Item === undefined ? [] : storedEvents(Item);
      if (event?.pointer === undefined) return event?.data;
      const bytes = await store.bytes(event.pointer);
      return bytes !== undefined && isUtf8(bytes) ? bytes.toString() : bytes;
    },
    async failureData({ object, number }) {
      const text = await store.get(object);
      const event = text === undefined ? undefined : readFailureObject(text)[number]?.event;
      return event && dataOf(event);
    },

    async streams() {
      const streams: ConnectionView[] = [];
      for await (const stream of client.list()) streams.push(stream);
      return streams;
    },
    async failures() {
      const objects = (await selectObjects(store, {})).slice(-MAX_FAILURES);
      const next: typeof known = new Map();
      let reads = 0;
      for (const { key, at } of objects) {
        const before = known.get(key);
        if (before?.at === at) next.set(key, before);
        else if (reads++ < READ_AT_ONCE) {
          const text = await store.get(key);
          if (text !== undefined) next.set(key, { at, views: viewsOf(instance, key, text) });
        }
      }
      known = next;
      return [...known.values()].flatMap(({ views }) => views).sort((a, b) => a.at - b.at);
    },
    async alarms() {
      if (alarmNames.length === 0) return [];
      const alarms: AlarmView[] = [];
      for await (const { MetricAlarms = [] } of paginateDescribeAlarms(
        { client: cloudWatch },
        { AlarmNames: [...alarmNames] },
      ))
        for (const { AlarmName = "", StateValue = "INSUFFICIENT_DATA", ...alarm } of MetricAlarms)
          alarms.push({
            id: AlarmName,
            instance,
            state: StateValue,
            since: alarm.StateTransitionedTimestamp?.getTime() ?? alarm.StateUpdatedTimestamp?.getTime(),
            description: alarm.AlarmDescription,
          });
      return alarms;
    },
    close() {
      closed.abort();
      dynamo.destroy();
      cloudWatch.destroy();
      store.close();
    },
  };
}

/** `failures list` reports objects that cannot be read. */
function viewsOf(instance: string, key: string, text: string): FailureView[] {
  try {
    return failureViews(instance, key, readFailureObject(text));
  } catch {
    return [];
  }
}
