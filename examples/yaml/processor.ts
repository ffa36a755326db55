import { eachEvent } from "pulumi-stream-ingestion/processor";

export const handler = eachEvent((event) => {
  console.log(event.streamId, event.data);
});
