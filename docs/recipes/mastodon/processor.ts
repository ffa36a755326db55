import { eachEvent } from "pulumi-stream-ingestion/processor";

interface Status {
  readonly id: string;
  readonly uri: string;
}

/** Logs each event. Only `delete` has a text as its data: the id of the post. */
export const handler = eachEvent<Status>((event) => {
  const id = event.type === "delete" ? event.data : event.json().id;
  console.log(JSON.stringify({ type: event.type, post: id }));
});
