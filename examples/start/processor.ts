// processor.ts
import { eachEvent } from "pulumi-stream-ingestion/processor";

export const handler = eachEvent(async (event) => {
  console.log(event.streamId, event.key, event.json());
});
