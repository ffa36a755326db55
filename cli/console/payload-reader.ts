import type { ConsoleState } from "./console-state";
import { wholePayload } from "./payload";
import type { FailureView, ItemKey, Payload } from "./protocol";

/** Where the whole data of an instance's events is. Each resolves to undefined when it does not exist any more. */
export interface PayloadSource {
  eventData(item: ItemKey): Promise<string | Buffer | undefined>;
  failureData(failure: Pick<FailureView, "object" | "number">): Promise<string | Buffer | undefined>;
}

export interface PayloadReaderOptions {
  readonly state: Pick<ConsoleState, "shownEvent" | "failure">;
  /** Undefined: the instance does not exist. */
  readonly source: (instance: string) => PayloadSource | undefined;
}

/** Reads the whole payload of an entry that a page shows. Undefined: it does not exist any more. */
export type PayloadReader = (kind: "event" | "failure", id: string) => Promise<Payload | undefined>;

export function payloadReader({ state, source }: PayloadReaderOptions): PayloadReader {
  const sourceOf = (stream: string) => source(stream.split("/")[0]!);
  return async (kind, id) => {
    const data = kind === "event" ? await eventData(id) : await failureData(id);
    return data === undefined ? undefined : wholePayload(data);
  };

  async function eventData(id: string): Promise<string | Buffer | undefined> {
    const event = state.shownEvent(id);
    return event?.item && sourceOf(event.stream)?.eventData(event.item);
  }

  async function failureData(id: string): Promise<string | Buffer | undefined> {
    const failure = state.failure(id);
    return failure && sourceOf(failure.stream)?.failureData(failure);
  }
}
