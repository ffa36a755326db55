import * as pulumi from "@pulumi/pulumi";
import { StreamIngestion } from "pulumi-stream-ingestion";

const config = new pulumi.Config();

/** A stream behind a gateway that accepts access tokens of OAuth 2.0. */
const orders = new StreamIngestion("orders", {
  source: {
    // https://api.example.com
    url: config.requireSecret("url"),
    path: "/streams/{streamId}",
    auth: { kind: "oauth2" },
    // The client's secret.
    key: config.requireSecret("clientSecret"),
    oauth2: {
      // https://login.example.com/oauth2/token
      tokenUrl: config.requireSecret("tokenUrl"),
      clientId: config.requireSecret("clientId"),
      scope: "streams:read",
      audience: "https://api.example.com",
    },
  },
  events: { identity: { kind: "sse-id" } },
  processor: { entry: "./processor.ts" },
  streams: ["orders"],
});

export const apiUrl = orders.apiUrl;
