import { AwsError } from "../../cloud/aws-error";
import { failAsJson, type Operation, type Permission, type Protocol } from "../../cloud/protocol";
import { readInput } from "../../cloud/unsupported";
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
      const input = withNames(readInput(request), arnOf(""));
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

/** DynamoDB accepts a table's ARN in place of its name; the engine accepts names only. */
function withNames(input: Parameters, prefix: string): Parameters {
  const name = (table: string) => {
    if (table.startsWith(prefix)) return table.slice(prefix.length);
    if (!table.startsWith("arn:")) return table;
    throw new AwsError("ResourceNotFoundException", 400, `Requested resource not found: Table: ${table} not found`);
  };
  const batch = input.RequestItems as Record<string, unknown> | undefined;
  return {
    ...input,
    ...(input.TableName === undefined ? {} : { TableName: name(String(input.TableName)) }),
    ...(batch === undefined
      ? {}
      : { RequestItems: Object.fromEntries(Object.entries(batch).map(([table, part]) => [name(table), part])) }),
  };
}
