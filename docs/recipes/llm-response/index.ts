import * as pulumi from "@pulumi/pulumi";
import { StreamIngestion } from "pulumi-stream-ingestion";

const config = new pulumi.Config();

/** One long response of a language model: a POST whose event stream ends with `[DONE]`. Start it through the connection API. */
const answers = new StreamIngestion("answers", {
  source: {
    // https://llm.example.com
    url: config.requireSecret("url"),
    path: "/v1/chat/completions",
    key: config.requireSecret("key"),
    method: "POST",
    body: '{"stream":true,"metadata":{"id":"{streamId}"},"messages":[{"role":"user","content":"Write a long story."}]}',
    resume: { kind: "none" },
    on: [
      { text: "[DONE]", action: "complete" },
      { pointer: "/error", action: "fail" },
    ],
    end: "complete",
  },
  // Two equal tokens are two tokens.
  events: { identity: { kind: "arrival" } },
  // A second request would be a second answer.
  relay: { handover: "break" },
  processor: { entry: "./processor.ts" },
});

export const apiUrl = answers.apiUrl;
