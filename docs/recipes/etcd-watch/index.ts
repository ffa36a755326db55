import * as pulumi from "@pulumi/pulumi";
import { StreamIngestion } from "pulumi-stream-ingestion";

const config = new pulumi.Config();

/** Every change of the keys with a prefix. The stream id is not part of the request: this deployment has one stream. */
const keys = new StreamIngestion("keys", {
  source: {
    // https://etcd.example.com:2379
    url: config.requireSecret("url"),
    path: "/v3/watch",
    method: "POST",
    body: JSON.stringify({
      create_request: {
        // The range from `/config/` to `/config0`: every key with the prefix `/config/`.
        key: Buffer.from("/config/").toString("base64"),
        range_end: Buffer.from("/config0").toString("base64"),
        start_revision: "{position}",
      },
    }),
    auth: { kind: "none" },
    tls: {
      ca: config.requireSecret("ca"),
      cert: config.requireSecret("clientCertificate"),
      key: config.requireSecret("clientKey"),
    },
    format: "json",
    end: "reconnect",
    resume: { kind: "body", pointer: "/result/events/0/kv/mod_revision" },
    on: [
      { pointer: "/result/compact_revision", action: "lose-position" },
      { pointer: "/result/canceled", equals: true, action: "reconnect" },
      { pointer: "/error", action: "reconnect" },
      { pointer: "/result/created", equals: true, action: "ignore" },
    ],
    // etcd sends no heartbeats.
    idleTimeoutSeconds: 840,
  },
  processor: { entry: "./processor.ts" },
  streams: ["config"],
});

export const apiUrl = keys.apiUrl;
