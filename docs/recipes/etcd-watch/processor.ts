import { eachEvent } from "pulumi-stream-ingestion/processor";

interface WatchResponse {
  readonly result: {
    readonly events: readonly {
      /** Absent: the key was written. */
      readonly type?: "DELETE";
      /** Base64. `value` is absent for an empty value and a deleted key. */
      readonly kv: { readonly key: string; readonly value?: string; readonly mod_revision: string };
    }[];
  };
}

const text = (base64 = "") => Buffer.from(base64, "base64").toString();

/** Logs each change of a response. After a handover, a change can be in two responses: `mod_revision` and the key identify it. */
export const handler = eachEvent<WatchResponse>((event) => {
  for (const { type = "PUT", kv } of event.json().result.events)
    console.log(JSON.stringify({ type, key: text(kv.key), value: text(kv.value), revision: kv.mod_revision }));
});
