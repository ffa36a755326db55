import type { CreateTableCommandInput } from "@aws-sdk/client-dynamodb";

/** A minimal event table with the keys of a deployed one. */
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
