import { eachEvent } from "pulumi-stream-ingestion/processor";

interface Change {
  readonly id: string;
  readonly changes: readonly { readonly rev: string }[];
  readonly deleted?: boolean;
}

/** Logs each change. A cluster may send a change again with another `seq`: `id` and `rev` identify it. */
export const handler = eachEvent<Change>((event) => {
  const { id, changes, deleted = false } = event.json();
  console.log(JSON.stringify({ id, revisions: changes.map(({ rev }) => rev), deleted }));
});
