import { spawn } from "node:child_process";
import { once } from "node:events";
import { AwsError } from "../../../../local/cloud/aws-error";
import type { Engine } from "../../../../local/services/dynamodb/engine";
import { freePort } from "../../../fakes/free-port";

/** A second engine, from an optional package for Linux. `undefined`: it is not installed. */
export async function openDynoxide() {
  const binary = find();
  if (binary === undefined) return undefined;
  const port = await freePort();
  const server = spawn(binary, ["serve", "--port", String(port)], { stdio: "ignore" });
  const url = `http://127.0.0.1:${port}`;
  while (!(await fetch(url).catch(() => undefined))) await new Promise((resolve) => setTimeout(resolve, 20));

  const ask = async (target: string, input: unknown): Promise<Record<string, unknown>> => {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": target,
        "x-amz-date": "20260101T000000Z",
        authorization:
          "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=b",
      },
      body: JSON.stringify(input),
    });
    const body = (await response.json()) as Record<string, string>;
    if (response.ok) return body;
    throw new AwsError(body.__type!.split("#").pop()!, response.status, body.message ?? "");
  };
  const call: Engine["call"] = (operation, input) => ask(`DynamoDB_20120810.${operation}`, input);
  const streams = (operation: string, input: unknown) => ask(`DynamoDBStreams_20120810.${operation}`, input);

  await call("CreateTable", {
    TableName: "events",
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
  });
  const { Table } = (await call("DescribeTable", { TableName: "events" })) as { Table: { LatestStreamArn: string } };
  const StreamArn = Table.LatestStreamArn;

  return {
    call,
    async changes() {
      const { StreamDescription } = (await streams("DescribeStream", { StreamArn })) as {
        StreamDescription: { Shards: { ShardId: string }[] };
      };
      const named: (readonly [string, string])[] = [];
      for (const { ShardId } of StreamDescription.Shards) {
        const from = { StreamArn, ShardId, ShardIteratorType: "TRIM_HORIZON" };
        const { ShardIterator } = await streams("GetShardIterator", from);
        const { Records } = (await streams("GetRecords", { ShardIterator })) as {
          Records: { eventName: string; dynamodb: { Keys: { id: { S: string } } } }[];
        };
        named.push(...Records.map(({ eventName, dynamodb }) => [eventName, dynamodb.Keys.id.S] as const));
      }
      return named;
    },
    async close() {
      server.kill("SIGKILL");
      await once(server, "exit");
    },
  };
}

function find(): string | undefined {
  try {
    return require.resolve("@dynoxide/linux-x64/dynoxide");
  } catch {
    return undefined;
  }
}
