import * as pulumi from "@pulumi/pulumi";
import { StreamIngestion } from "pulumi-stream-ingestion";

const config = new pulumi.Config();

/** Messages of ntfy topics. The stream id is the topic. */
const alerts = new StreamIngestion("alerts", {
  source: {
    // https://ntfy.example.com
    url: config.requireSecret("url"),
    path: "/{streamId}/json",
    key: config.requireSecret("key"),
    // The ids of `open` and `keepalive` are not ids of messages.
    resume: { kind: "query", name: "since", pointer: "/id", skipIgnored: true },
    on: [
      { pointer: "/event", equals: "open", action: "ignore" },
      { pointer: "/event", equals: "keepalive", action: "ignore" },
    ],
    idleTimeoutSeconds: 120,
  },
  events: { identity: { kind: "pointer", pointer: "/id" } },
  processor: { entry: "./processor.ts" },
  streams: ["disk-alerts"],
});

export const apiUrl = alerts.apiUrl;
