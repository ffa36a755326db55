import { AwsError } from "../../cloud/aws-error";
import type { Parameters } from "./engine";
import type { TableSpec, Tables } from "./tables";

/**
 * Operations on tables as clients see them. The engine knows no streams and no TTL: what it would answer wrongly is answered here, and
 * what it would accept without effect is refused.
 *
 * @throws AwsError with DynamoDB's code
 */
export async function callTables(
  tables: Tables,
  operation: string,
  input: Parameters,
  requestId: string | undefined,
): Promise<unknown> {
  const table = tables.find(String(input.TableName));
  if (operation === "DescribeTimeToLive" && table !== undefined) return describeTimeToLive(table);
  if (operation === "DeleteTable" && table !== undefined)
    throw unsupported("DeleteTable on a table of the Pulumi program");
  if (operation === "UpdateTimeToLive") throw unsupported(operation);
  if (input.StreamSpecification !== undefined) throw unsupported(`${operation} with StreamSpecification`);
  const answer = await tables.call(operation, input, requestId);
  return operation === "DescribeTable" ? withStream(tables, input, answer as { readonly Table: object }) : answer;
}

function describeTimeToLive({ ttlAttribute: AttributeName }: TableSpec): unknown {
  return {
    TimeToLiveDescription:
      AttributeName === undefined ? { TimeToLiveStatus: "DISABLED" } : { TimeToLiveStatus: "ENABLED", AttributeName },
  };
}

function withStream(tables: Tables, { TableName }: Parameters, answer: { readonly Table: object }): unknown {
  const { stream, streamViewType } = tables.find(String(TableName)) ?? {};
  if (stream === undefined) return answer;
  const [, LatestStreamLabel] = stream.arn.split("/stream/");
  const StreamSpecification = { StreamEnabled: true, StreamViewType: streamViewType };
  return { Table: { ...answer.Table, LatestStreamArn: stream.arn, LatestStreamLabel, StreamSpecification } };
}

const unsupported = (what: string) =>
  new AwsError(
    "UnknownOperationException",
    400,
    `The local DynamoDB does not support ${what}. Change it in the Pulumi program.`,
  );
