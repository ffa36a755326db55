import { setTimeout as sleep } from "node:timers/promises";
import type { ConnectionApi, StreamView } from "./connection-api";
import { within } from "./within";

const PROGRESS_MS = 500;
/** A stopped run waits this long for an answer of the API. */
export const API_MS = 300;

/** The streams of all instances, from the API. */
export async function streamsOf({
  instances,
}: {
  readonly instances: readonly { readonly name: string; readonly api: Pick<ConnectionApi, "list"> }[];
}): Promise<StreamView[]> {
  const lists = instances.map(async ({ name, api }) =>
    (await api.list()).map((stream) => ({ ...stream, instance: name })),
  );
  return (await Promise.all(lists)).flat();
}

/** Reports the streams regularly. `last` returns those of the last report. */
export function watchStreams(
  read: () => Promise<readonly StreamView[]>,
  onProgress: (streams: readonly StreamView[]) => void,
): { last(): readonly StreamView[]; end(): Promise<void> } {
  const ended = new AbortController();
  let last: readonly StreamView[] = [];
  const watching = (async () => {
    while (!ended.signal.aborted) {
      // A failed call is repeated with the next progress; the scenario and the stop report a lasting failure.
      const seen = await read().catch(() => undefined);
      if (ended.signal.aborted) return;
      if (seen !== undefined) {
        last = seen;
        onProgress(seen);
      }
      await sleep(PROGRESS_MS, undefined, { signal: ended.signal }).catch(() => {});
    }
  })();
  return {
    end: async () => {
      ended.abort();
      await within(API_MS, watching);
    },
    last: () => last,
  };
}
