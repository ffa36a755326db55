import { eachBatch } from "pulumi-stream-ingestion/processor";
import { price, prices } from "./price";

export const handler = eachBatch(
  async (events) => {
    await prices.saveAll(events.map((event) => [event.key, event.json()]));
  },
  { schema: price, maxEvents: 500 },
);
