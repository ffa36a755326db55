import { eachEvent } from "pulumi-stream-ingestion/processor";

interface MatchedPost {
  readonly data: { readonly id: string; readonly text: string };
  readonly matching_rules: readonly { readonly tag: string }[];
}

/** Logs the rules that each post matches. */
export const handler = eachEvent<MatchedPost>((event) => {
  const { data, matching_rules: rules } = event.json();
  console.log(JSON.stringify({ post: data.id, rules: rules.map(({ tag }) => tag) }));
});
