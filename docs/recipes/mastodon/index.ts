import * as pulumi from "@pulumi/pulumi";
import { StreamIngestion } from "pulumi-stream-ingestion";

const config = new pulumi.Config();

/** Posts of a Mastodon server. The stream id is the name of the timeline. */
const timeline = new StreamIngestion("timeline", {
  source: {
    // https://mastodon.example
    url: config.requireSecret("url"),
    path: "/api/v1/streaming/{streamId}",
    key: config.requireSecret("key"),
    resume: { kind: "none" },
    on: [{ type: "filters_changed", action: "ignore" }],
    idleTimeoutSeconds: 45,
  },
  processor: { entry: "./processor.ts" },
  streams: ["public"],
});

export const apiUrl = timeline.apiUrl;
