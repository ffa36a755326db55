import { AwsError } from "../../cloud/aws-error";
import { type AwsRequest, failAsJson, type Operation, type Permission, type Protocol } from "../../cloud/protocol";
import { callTables } from "./describe";
import type { Parameters } from "./engine";
import { streamsApi } from "./streams-api";
import type { Tables } from "./tables";

export interface DynamoDbOptions {
  readonly tables: Tables;
  readonly region: string;
  readonly accountId: string;
}

/** DynamoDB and DynamoDB Streams: JSON 1.0 with one signing name and two targets. */
export function dynamoDbProtocol({ tables, region, accountId }: DynamoDbOptions): Protocol {
  const arnOf = (table: string) =>
    table.startsWith("arn:") ? table : `arn:aws:dynamodb:${region}:${accountId}:table/${table}`;

  function permissions(operation: string, input: Parameters): Permission[] {
    const action = `dynamodb:${operation}`;
    if (operation === "ListTables") return [{ action, resource: "*" }];
    const batch = input.RequestItems as Record<string, unknown> | undefined;
    const names = batch === undefined ? [String(input.TableName ?? "")] : Object.keys(batch);
    return names.map((table) => {
      const index = input.IndexName === undefined ? "" : `/index/${String(input.IndexName)}`;
      return { action, resource: arnOf(table) + index };
    });
  }

  const streams = streamsApi(tables);
  const answer = (value: unknown) => ({
    status: 200,
    headers: { "content-type": "application/x-amz-json-1.0" },
    body: JSON.stringify(value),
  });

  return {
    open(request): Operation {
      const target = request.headers["x-amz-target"] ?? "";
      const [, api, operation] = /^(DynamoDB|DynamoDBStreams)_\d+\.(\w+)$/.exec(target) ?? [];
      if (operation === undefined) {
        throw new AwsError("UnknownOperationException", 400, `Unknown target ${target}.`);
      }
      const input = withNames(parse(request));
      return api === "DynamoDBStreams"
        ? {
            permissions: [streams.permission(operation, input)],
            run: async () => answer(streams.call(operation, input)),
          }
        : {
            permissions: permissions(operation, input),
            run: async ({ requestId }) => answer(await callTables(tables, operation, input, requestId?.())),
          };
    },
    fail: failAsJson,
  };
}

function parse({ body }: AwsRequest): Parameters {
  try {
    return JSON.parse(body.toString() || "{}") as Parameters;
  } catch {
    throw new AwsError("SerializationException", 400, "The body is not JSON.");
  }
}

/** DynamoDB accepts a table's ARN in place of its name; the engine accepts names only. */
function withNames(input: Parameters): Parameters {
  const name = (table: string) => table.replace(/^arn:aws:dynamodb:[^:]+:\d+:table\//, "");
  const batch = input.RequestItems as Record<string, unknown> | undefined;
  return {
    ...input,
    ...(input.TableName === undefined ? {} : { TableName: name(String(input.TableName)) }),
    ...(batch === undefined
      ? {}
      : { RequestItems: Object.fromEntries(Object.entries(batch).map(([table, part]) => [name(table), part])) }),
  };
}
