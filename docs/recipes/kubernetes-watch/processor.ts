import { eachEvent } from "pulumi-stream-ingestion/processor";

interface WatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: { readonly metadata: { readonly name: string; readonly resourceVersion: string } };
}

/** Logs each change. */
export const handler = eachEvent<WatchEvent>((event) => {
  const { type, object } = event.json();
  console.log(JSON.stringify({ type, pod: object.metadata.name, version: object.metadata.resourceVersion }));
});
