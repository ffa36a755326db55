import { eachEvent } from "pulumi-stream-ingestion/processor";

/** Logs each new event: the smallest possible processor. */
export const handler = eachEvent(async (event) => {
  console.log(JSON.stringify({ streamId: event.streamId, key: event.key, type: event.type, data: event.data }));
});
