import * as pulumi from "@pulumi/pulumi";
import { StreamIngestion } from "pulumi-stream-ingestion";

const config = new pulumi.Config();

/** Every change of a CouchDB database. The stream id is the database. */
const changes = new StreamIngestion("changes", {
  source: {
    // https://couchdb.example.com
    url: config.requireSecret("url"),
    path: "/{streamId}/_changes",
    query: { feed: "continuous", include_docs: "true", heartbeat: "10000" },
    // user:password
    key: config.requireSecret("key"),
    auth: { kind: "basic" },
    resume: { kind: "query", name: "since", pointer: "/seq" },
    on: [{ pointer: "/last_seq", action: "reconnect" }],
    idleTimeoutSeconds: 30,
  },
  processor: { entry: "./processor.ts" },
  streams: ["orders"],
});

export const apiUrl = changes.apiUrl;
