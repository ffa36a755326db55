import * as pulumi from "@pulumi/pulumi";
import { StreamIngestion } from "pulumi-stream-ingestion";

const config = new pulumi.Config();

/** Changes of all wikis. The stream id is the name of the stream. */
const changes = new StreamIngestion("changes", {
  source: {
    url: config.get("url") ?? "https://stream.wikimedia.org",
    path: "/v2/stream/{streamId}",
    auth: { kind: "none" },
    // The Wikimedia policy requires a way to contact you, such as `edits/1.0 (https://example.org; ops@example.org)`.
    headers: { "user-agent": config.require("userAgent") },
    on: [{ pointer: "/meta/domain", equals: "canary", action: "ignore" }],
  },
  events: { identity: { kind: "pointer", pointer: "/meta/id" } },
  processor: { entry: "./processor.ts" },
  streams: ["recentchange"],
});

export const apiUrl = changes.apiUrl;
