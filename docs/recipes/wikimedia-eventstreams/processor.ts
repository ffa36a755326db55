import { eachEvent } from "pulumi-stream-ingestion/processor";

interface RecentChange {
  readonly meta: { readonly id: string; readonly dt: string };
  readonly wiki: string;
  readonly title: string;
}

/** Logs each change. */
export const handler = eachEvent<RecentChange>((event) => {
  const { meta, wiki, title } = event.json();
  console.log(JSON.stringify({ id: meta.id, at: meta.dt, wiki, title }));
});
