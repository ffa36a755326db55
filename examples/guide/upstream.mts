import { startFakeUpstream } from "pulumi-stream-ingestion/testing";

async function main(): Promise<void> {
  const upstream = await startFakeUpstream({ port: 8080, key: "secret" });
  console.log(`Sends a price every second at ${upstream.url}`);
  setInterval(() => upstream.send("EUR_USD", { instrument: "EUR_USD", price: 1 + Math.random() }), 1_000);
}

void main();
