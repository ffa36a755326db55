import type { CreateTableCommandInput } from "@aws-sdk/client-dynamodb";

/** An event table for an engine that is asked directly: its keys, and nothing else of what a deployment gives it. */
export const EVENT_TABLE = {
  TableName: "events",
  BillingMode: "PAY_PER_REQUEST",
  AttributeDefinitions: [
    { AttributeName: "streamId", AttributeType: "S" },
    { AttributeName: "key", AttributeType: "S" },
  ],
  KeySchema: [
    { AttributeName: "streamId", KeyType: "HASH" },
    { AttributeName: "key", KeyType: "RANGE" },
  ],
} satisfies CreateTableCommandInput;
