import * as pulumi from "@pulumi/pulumi";
import { StreamIngestion } from "pulumi-stream-ingestion";

const config = new pulumi.Config();

/** Prices of currency pairs. The stream id is the instrument. */
const prices = new StreamIngestion("prices", {
  source: {
    // https://stream-fxpractice.oanda.com
    url: config.requireSecret("url"),
    path: pulumi.interpolate`/v3/accounts/${config.requireSecret("account")}/pricing/stream`,
    query: { instruments: "{streamId}" },
    key: config.requireSecret("key"),
    resume: { kind: "none" },
    on: [{ pointer: "/type", equals: "HEARTBEAT", action: "ignore" }],
    idleTimeoutSeconds: 15,
  },
  processor: { entry: "./processor.ts" },
  streams: ["EUR_USD"],
});

export const apiUrl = prices.apiUrl;
