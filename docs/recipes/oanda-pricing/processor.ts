import { eachEvent } from "pulumi-stream-ingestion/processor";

interface Price {
  readonly instrument: string;
  readonly time: string;
  readonly bids: readonly { readonly price: string }[];
  readonly asks: readonly { readonly price: string }[];
}

/** Logs the best bid and ask of each price. */
export const handler = eachEvent<Price>((event) => {
  const { instrument, time, bids, asks } = event.json();
  console.log(JSON.stringify({ instrument, time, bid: bids[0]?.price, ask: asks[0]?.price }));
});
