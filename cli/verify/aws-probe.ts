import { CloudWatchClient, paginateDescribeAlarms } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient, paginateFilterLogEvents } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBClient, paginateQuery, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { type ConnectionRow, ITEM, METRIC, STREAM_ID_KEY } from "../../runtime/contract";
import { decodeItem } from "../../runtime/data/item";
import { connectionClient } from "../connection-client";
import type { SeenItem } from "./checks";
import type { Deployment } from "./find-deployment";
import type { Probe } from "./run-verify";

/** `events.slices` is at most this many. */
const MAX_SLICES = 16;
/** The attribute with which the watchdog requests a handover after a deployment. */
const REQUESTED_RELEASE: keyof ConnectionRow = "requestedRelease";

/** Looks at a deployment as its operator: with the usual credentials, region and endpoint of the AWS SDK. */
export function awsProbe(deployment: Deployment, region?: string): Probe & { close(): void } {
  const options = region === undefined ? {} : { region };
  const dynamo = new DynamoDBClient(options);
  const logs = new CloudWatchLogsClient(options);
  const cloudWatch = new CloudWatchClient(options);
  const api = connectionClient({ apiUrl: deployment.apiUrl, region, apiKey: process.env.STREAM_INGESTION_API_KEY });
  const { eventTable, connectionTable, processorLogGroup, alarmNames } = deployment;

  return {
    api,
    unsignedStatus: async () => (await fetch(`${deployment.apiUrl}/connections`, { redirect: "error" })).status,

    async items(streamId, since) {
      const slices = Array.from({ length: MAX_SLICES }, (_, slice) => `${streamId}#${slice}`);
      const items = await Promise.all(
        [streamId, ...slices].map(async (partition) => {
          const found: SeenItem[] = [];
          const pages = paginateQuery(
            { client: dynamo },
            {
              TableName: eventTable,
              ConsistentRead: true,
              KeyConditionExpression: "#stream = :stream",
              FilterExpression: "#received >= :since",
              ExpressionAttributeNames: { "#stream": STREAM_ID_KEY, "#received": ITEM.receivedAt },
              ExpressionAttributeValues: { ":stream": { S: partition }, ":since": { N: String(since) } },
            },
          );
          for await (const { Items = [] } of pages) found.push(...Items.map(seenItem));
          return found;
        }),
      );
      return items.flat();
    },

    async askHandover(streamId) {
      await dynamo.send(
        new UpdateItemCommand({
          TableName: connectionTable,
          Key: { [STREAM_ID_KEY]: { S: streamId } },
          // A release that no deployment has: the owner hands over to the deployed one, whose acquire clears the request.
          UpdateExpression: "SET #requested = :release",
          ConditionExpression: "attribute_exists(#owner)",
          ExpressionAttributeNames: { "#requested": REQUESTED_RELEASE, "#owner": "owner" },
          ExpressionAttributeValues: { ":release": { S: `verify-${Date.now()}` } },
        }),
      );
    },

    processing: (since) =>
      readable(async () => {
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

    ringing: () =>
      readable(async () => {
        if (alarmNames.length === 0) return undefined;
        const pages = paginateDescribeAlarms(
          { client: cloudWatch },
          { AlarmNames: [...alarmNames], StateValue: "ALARM" },
        );
        const ringing: string[] = [];
        for await (const { MetricAlarms = [] } of pages)
          ringing.push(...MetricAlarms.map(({ AlarmName = "" }) => AlarmName));
        return ringing;
      }),

    close: () => {
      for (const client of [dynamo, logs, cloudWatch]) client.destroy();
    },
  };
}

function seenItem(image: Parameters<typeof decodeItem>[0]): SeenItem {
  const { key, type, id = "", data = "", sequence, pointer } = decodeItem(image);
  return { key, type, id, sequence, data: pointer ?? data.toString(), inBucket: pointer !== undefined };
}

/** An EMF line of the processor; Lambda's JSON log format may have put it into `message`. */
function metricsIn(line: string): Record<string, number> {
  try {
    const parsed = JSON.parse(line);
    return typeof parsed.message === "string" ? metricsIn(parsed.message) : (parsed.message ?? parsed);
  } catch {
    return {};
  }
}

/** What the caller may not read, or the endpoint does not have, is not seen; every other error is one. */
async function readable<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (/AccessDenied|UnknownOperation|NotImplemented/.test((error as Error).name)) return undefined;
    throw error;
  }
}
