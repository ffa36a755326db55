import { eachEvent } from "pulumi-stream-ingestion/processor";

interface Order {
  readonly order: number;
}

/** Logs each order. */
export const handler = eachEvent<Order>((event) => {
  console.log(JSON.stringify({ id: event.id, order: event.json().order }));
});
