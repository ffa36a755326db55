import * as pulumi from "@pulumi/pulumi";
import { StreamIngestion } from "pulumi-stream-ingestion";

const config = new pulumi.Config();

/** Order books from a WebSocket. After the subscription the upstream sends a snapshot, then the changes to it. */
const books = new StreamIngestion("books", {
  source: {
    // wss://stream.example.com
    url: config.requireSecret("url"),
    path: "/ws",
    auth: { kind: "none" },
    resume: { kind: "none" },
    webSocket: {
      messages: ['{"op":"subscribe","channel":"book","symbol":"{streamId}"}'],
      pingIntervalSeconds: 15,
      pingMessage: '{"op":"ping"}',
    },
    on: [
      { pointer: "/op", equals: "pong", action: "ignore" },
      { pointer: "/error", action: "reconnect" },
    ],
  },
  // One connection at a time: changes of one connection do not apply to the snapshot of another.
  relay: { handover: "break" },
  // Two equal changes are two changes. A skipped number sets the alarm `eventsMissing`.
  events: { identity: { kind: "arrival" }, sequence: "/sequence" },
  processor: { entry: "./processor.ts" },
  streams: ["BTC-USD"],
});

export const apiUrl = books.apiUrl;
