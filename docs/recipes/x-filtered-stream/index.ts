import * as pulumi from "@pulumi/pulumi";
import { StreamIngestion } from "pulumi-stream-ingestion";

const config = new pulumi.Config();

/** Posts that match the rules of an X project. */
const posts = new StreamIngestion("posts", {
  source: {
    // https://api.x.com
    url: config.requireSecret("url"),
    path: "/2/tweets/search/stream",
    // Enterprise access only. Without it, remove this line: posts of the gap between two connections are then lost.
    query: { backfill_minutes: "5" },
    key: config.requireSecret("key"),
    resume: { kind: "none" },
    on: [{ pointer: "/errors/0/disconnect_type", action: "reconnect" }],
    idleTimeoutSeconds: 30,
  },
  events: { identity: { kind: "pointer", pointer: "/data/id" } },
  // The upstream accepts one connection and refuses a second one with 429.
  relay: { handover: "break" },
  processor: { entry: "./processor.ts" },
  streams: ["posts"],
});

export const apiUrl = posts.apiUrl;
