import { eachEvent } from "pulumi-stream-ingestion/processor";
import * as v from "valibot";

const { WEBHOOK = "", ABOVE } = process.env;

/** An event that does not match is stored in the failure bucket, without a retry. */
const price = v.object({ instrument: v.string(), price: v.number() });

/** Posts an alert for each price above the limit. Streams do not wait for each other's webhook calls. */
export const handler = eachEvent(
  async (event, { signal }) => {
    const { instrument, price } = event.json();
    if (price <= Number(ABOVE)) return;
    const response = await fetch(WEBHOOK, {
      method: "POST",
      // An event can be delivered twice. The receiver can detect that with this key.
      headers: { "content-type": "application/json", "idempotency-key": event.key },
      body: JSON.stringify({ text: `${instrument} is at ${price}, above ${ABOVE}` }),
      signal,
    });
    // The handler is retried twice; then the event is stored in the failure bucket for `stream-ingestion failures redrive`.
    if (!response.ok) throw new Error(`The webhook answered ${response.status}`);
  },
  { schema: price, concurrency: 10 },
);
