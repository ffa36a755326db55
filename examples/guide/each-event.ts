import { eachEvent } from "pulumi-stream-ingestion/processor";
import { price, prices } from "./price";

export const handler = eachEvent(
  async (event) => {
    // `event.key` is the same in every delivery of this event: the second one writes the same row.
    await prices.save(event.key, event.json());
  },
  { schema: price, retries: 2, concurrency: 10 },
);
