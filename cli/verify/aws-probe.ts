import { CloudWatchClient, paginateDescribeAlarms } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient, paginateFilterLogEvents } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBClient, paginateQuery } from "@aws-sdk/client-dynamodb";

import { ITEM, METRIC, STREAM_ID_KEY, storedEvents } from "pulumi-stream-ingestion/internal";

import { connectionClient } from "../connection-client";
import { partitionsOf } from "../replay/stored-items";
import { requestHandover } from "../request-handover";
import { awsPoison } from "./aws-poison";
import type { Alarm, StoredItem } from "./checks";
import type { Deployment } from "./find-deployment";
import type { Probe } from "./run-verify";

/** Reads a deployment with the operator's credentials, region and endpoint, as the AWS SDK resolves them. */
export function awsProbe(deployment: Deployment, region?: string): Probe & { close(): void } {
  const options = region === undefined ? {} : { region };
  const dynamo = new DynamoDBClient(options);
  const logs = new CloudWatchLogsClient(options);
  const cloudWatch = new CloudWatchClient(options);
  const api = connectionClient({ apiUrl: deployment.apiUrl, region, apiKey: process.env.STREAM_INGESTION_API_KEY });
  const { eventTable, connectionTable, bucket, processorLogGroup, alarmNames, watchdogAlarm } = deployment;

  return {
    api,
    unsignedStatus: async () => (await fetch(`${deployment.apiUrl}/connections`, { redirect: "error" })).status,

    async items(streamId, since) {
      const items = await Promise.all(
        partitionsOf(streamId).map(async (partition) => {
          const found: StoredItem[] = [];
          const pages = paginateQuery(
            { client: dynamo },
            {
              TableName: eventTable,
              ConsistentRead: true,
              KeyConditionExpression: "#stream = :stream",
              FilterExpression: "#received >= :since OR #last >= :since",
              ExpressionAttributeNames: {
                "#stream": STREAM_ID_KEY,
                "#received": ITEM.receivedAt,
                "#last": ITEM.lastReceivedAt,
              },
              ExpressionAttributeValues: { ":stream": { S: partition }, ":since": { N: String(since) } },
            },
          );
          for await (const { Items = [] } of pages) found.push(...Items.flatMap((item) => storedItems(item, since)));
          return found;
        }),
      );
      return items.flat();
    },

    requestHandover: (streamId) => requestHandover(dynamo, connectionTable, streamId),

    processing: (since) =>
      ifReadable(async () => {
        if (processorLogGroup === undefined) return undefined;
        const sum = { processed: 0, failures: 0 };
        const pages = paginateFilterLogEvents(
          { client: logs },
          {
            logGroupName: processorLogGroup,
            startTime: since,
            filterPattern: `?"${METRIC.processed}" ?"${METRIC.processorFailures}"`,
          },
        );
        for await (const { events = [] } of pages) {
          for (const { message = "" } of events) {
            const values = metricsIn(message);
            sum.processed += values[METRIC.processed] ?? 0;
            sum.failures += values[METRIC.processorFailures] ?? 0;
          }
        }
        return sum;
      }),

    alarms: () =>
      ifReadable(async () => {
        if (alarmNames.length === 0) return undefined;
        const pages = paginateDescribeAlarms({ client: cloudWatch }, { AlarmNames: [...alarmNames] });
        const alarms: Alarm[] = [];
        for await (const { MetricAlarms = [] } of pages)
          for (const { AlarmName: name = "", StateValue: state = "" } of MetricAlarms)
            alarms.push({ name, state, ofWatchdog: name === watchdogAlarm });
        return alarms;
      }),

    poison: awsPoison({ dynamo, eventTable, bucket, region }),

    close: () => {
      for (const client of [dynamo, logs, cloudWatch]) client.destroy();
    },
  };
}

function storedItems(image: Parameters<typeof storedEvents>[0], since: number): StoredItem[] {
  return storedEvents(image)
    .filter(({ receivedAt }) => receivedAt >= since)
    .map(({ key, type, id = "", data = "", sequence, pointer }) => ({
      key,
      type,
      id,
      sequence,
      data: pointer ?? data.toString(),
      inBucket: pointer !== undefined,
    }));
}

/** The metrics of an EMF line; Lambda's JSON log format can nest them in `message`. */
function metricsIn(line: string): Record<string, number> {
  try {
    const parsed = JSON.parse(line);
    return typeof parsed.message === "string" ? metricsIn(parsed.message) : (parsed.message ?? parsed);
  } catch {
    return {};
  }
}

/** `undefined` when the caller lacks the permission or the endpoint lacks the operation. Other errors are thrown. */
async function ifReadable<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (/AccessDenied|UnknownOperation|NotImplemented/.test((error as Error).name)) return undefined;
    throw error;
  }
}
