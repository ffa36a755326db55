import type { RelaySettings } from "../contract";

/** What identifies an event among all events of its stream, across connections and hops. */
export interface EventName {
  readonly name: string;
  /** Whether the source gave it an id or a position, so that an equal name is the same event however late it returns. */
  readonly unique: boolean;
}

/** Names events by their key and SSE id. A function of the settings, since they say what the source sends. */
export function eventNames({ source, events }: RelaySettings): (key: string, id: string) => EventName {
  const { resume } = source;
  const hasPosition = resume.kind !== "none" && resume.pointer !== undefined;
  const always = hasPosition || events.identity.kind === "pointer";
  const byId = resume.kind !== "none" || events.identity.kind === "sse-id";
  return (key, id) => ({
    name: id === "" ? key : `${key}\n${id}`,
    unique: always || (byId && id !== ""),
  });
}
