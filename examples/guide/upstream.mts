import { startFakeUpstream } from "pulumi-stream-ingestion/testing";

async function main(): Promise<void> {
  const upstream = await startFakeUpstream({ port: 8080, key: "secret" });
  console.log(`Sends a price of each instrument every second at ${upstream.url}`);
  setInterval(() => {
    for (const id of ["EUR_USD", "GBP_USD"]) upstream.send(id, { instrument: id, price: 1 + Math.random() });
  }, 1_000);
}

void main();
