import { eachEvent } from "pulumi-stream-ingestion/processor";

interface Chunk {
  readonly choices: readonly { readonly delta: { readonly content?: string } }[];
}

/** Logs the text of each chunk. `event.sequence` orders the chunks of an answer. */
export const handler = eachEvent<Chunk>((event) => {
  const text = event.json().choices[0]?.delta.content ?? "";
  console.log(JSON.stringify({ answer: event.streamId, sequence: event.sequence, text }));
});
