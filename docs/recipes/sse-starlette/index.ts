import * as pulumi from "@pulumi/pulumi";
import { StreamIngestion } from "pulumi-stream-ingestion";

const config = new pulumi.Config();

/** Streams of a Python application. */
const orders = new StreamIngestion("orders", {
  source: {
    // https://api.example.com
    url: config.requireSecret("url"),
    path: "/streams/{streamId}",
    key: config.requireSecret("key"),
    // The library sends a comment every 15 seconds.
    idleTimeoutSeconds: 45,
  },
  events: { identity: { kind: "sse-id" } },
  processor: { entry: "./processor.ts" },
  streams: ["orders"],
});

export const apiUrl = orders.apiUrl;
