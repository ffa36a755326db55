import * as pulumi from "@pulumi/pulumi";
import { StreamIngestion } from "pulumi-stream-ingestion";

const config = new pulumi.Config();

/** Streams of an Express application that compresses its responses. */
const orders = new StreamIngestion("orders", {
  source: {
    // https://api.example.com
    url: config.requireSecret("url"),
    path: "/streams/{streamId}",
    key: config.requireSecret("key"),
    compression: config.requireBoolean("compression"),
  },
  events: { identity: { kind: "sse-id" } },
  processor: { entry: "./processor.ts" },
  streams: ["orders"],
});

export const apiUrl = orders.apiUrl;
