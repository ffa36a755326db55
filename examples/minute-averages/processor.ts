import { DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { eachEvent } from "pulumi-stream-ingestion/processor";

interface Price {
  readonly instrument: string;
  readonly price: number;
  /** ISO 8601. */
  readonly time: string;
}

const table = process.env.MINUTES;
const client = new DynamoDBClient({});

/** Adds each price to the count and the sum of its minute. */
export const handler = eachEvent<Price>(
  async (event, { signal }) => {
    const { instrument, price, time } = event.json();
    const update = new UpdateItemCommand({
      TableName: table,
      Key: { instrument: { S: instrument }, minute: { S: time.slice(0, "2026-01-31T12:00".length) } },
      // The item stores the keys that it has counted, in the same write, so an event that is delivered twice counts once.
      UpdateExpression: "ADD #count :one, #sum :price, #counted :keys",
      ConditionExpression: "NOT contains(#counted, :key)",
      ExpressionAttributeNames: { "#count": "count", "#sum": "sum", "#counted": "counted" },
      ExpressionAttributeValues: {
        ":one": { N: "1" },
        ":price": { N: String(price) },
        ":key": { S: event.key },
        ":keys": { SS: [event.key] },
      },
    });
    try {
      await client.send(update, { abortSignal: signal });
    } catch (error) {
      if ((error as Error).name !== "ConditionalCheckFailedException") throw error;
    }
  },
  { concurrency: 10 },
);
