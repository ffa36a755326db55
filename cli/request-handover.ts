import { type DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { type ConnectionRow, STREAM_ID_KEY } from "pulumi-stream-ingestion/internal";
import { CliError, EXIT } from "./terminal";

/** The attribute with which the watchdog requests a handover after a deployment. */
const REQUESTED_RELEASE: keyof ConnectionRow = "requestedRelease";

/**
 * Asks the hop of a stream to hand over, with the operator's right to update the connection table. The hop reads the request at its next
 * renewal, and waits for its share of the time over which a deployment spreads such handovers.
 * @throws CliError STREAM_NOT_LIVE when no hop holds the stream
 */
export async function requestHandover(
  client: DynamoDBClient,
  connectionTable: string,
  streamId: string,
): Promise<void> {
  try {
    await client.send(
      new UpdateItemCommand({
        TableName: connectionTable,
        Key: { [STREAM_ID_KEY]: { S: streamId } },
        // A release that no deployment has: the owner hands over to the deployed one, whose acquire clears the request.
        UpdateExpression: "SET #requested = :release",
        ConditionExpression: "attribute_exists(#owner)",
        ExpressionAttributeNames: { "#requested": REQUESTED_RELEASE, "#owner": "owner" },
        ExpressionAttributeValues: { ":release": { S: `operator-${Date.now()}` } },
      }),
    );
  } catch (error) {
    if ((error as Error).name !== "ConditionalCheckFailedException") throw error;
    throw new CliError(
      `No hop holds ${streamId}, so there is nothing to hand over. Start the stream first.`,
      "STREAM_NOT_LIVE",
      EXIT.notFound,
      { cause: error },
    );
  }
}
