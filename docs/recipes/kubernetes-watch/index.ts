import * as pulumi from "@pulumi/pulumi";
import { StreamIngestion } from "pulumi-stream-ingestion";

const config = new pulumi.Config();

/** Every change of the pods of a namespace. The stream id is the namespace. */
const pods = new StreamIngestion("pods", {
  source: {
    // https://203.0.113.10:6443
    url: config.requireSecret("url"),
    path: "/api/v1/namespaces/{streamId}/pods",
    query: { watch: "1", allowWatchBookmarks: "true" },
    // The token of a service account that may list and watch pods.
    key: config.requireSecret("key"),
    // The cluster's authority: `certificate-authority-data` of a kubeconfig, decoded.
    tls: { ca: config.requireSecret("ca") },
    resume: { kind: "query", name: "resourceVersion", pointer: "/object/metadata/resourceVersion" },
    on: [
      { pointer: "/type", equals: "BOOKMARK", action: "ignore" },
      { pointer: "/object/code", equals: 410, action: "lose-position" },
      { pointer: "/type", equals: "ERROR", action: "reconnect" },
    ],
    idleTimeoutSeconds: 300,
  },
  events: { identity: { kind: "pointer", pointer: "/object/metadata/resourceVersion" } },
  processor: { entry: "./processor.ts" },
  streams: ["default"],
});

export const apiUrl = pods.apiUrl;
