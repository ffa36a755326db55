import {
  type AwsIdentity,
  contentKey,
  type EventSink,
  eventKey,
  lazyJson,
  matchingRule,
  type OpenConnection,
  type RelaySettings,
  redact,
  silentLogger,
  sourceOf,
  systemClock,
  tokenCache,
} from "pulumi-stream-ingestion/internal";
import { printable } from "../terminal";
import type { ObservedEvent, ObservedEvents } from "./observed-events";
import type { UpstreamSecret } from "./upstream-secret";

export interface Upstream extends UpstreamSecret {
  readonly streamId: string;
  readonly settings: RelaySettings;
  /** The operator's, for a source with signed requests. */
  readonly aws: AwsIdentity;
}

/** A second connection to the upstream. It only reads. */
export interface SecondConnection {
  /** Resolves when the upstream has accepted or refused the connection. Never rejects. */
  readonly opened: Promise<void>;
  /** Closes the connection and returns what it received. Never rejects. */
  close(): Promise<ObservedEvents>;
}

/** About 50 MB of digests and first characters. */
const MAX_EVENTS = 200_000;
const BEGINNING_CHARACTERS = 60;

/** Opens a second connection. It also ends when `signal` aborts. */
export function openSecondConnection(upstream: Upstream, signal: AbortSignal): SecondConnection {
  const closed = new AbortController();
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const observed = listen(upstream, { signal: AbortSignal.any([signal, closed.signal]), onOpen: open });
  void observed.then(open);
  return {
    opened,
    close: () => {
      closed.abort();
      return observed;
    },
  };
}

/**
 * Reads the stream until the upstream ends it or `signal` aborts. It uses the relay's source (request, credentials, transport,
 * decoders) and no other part of the relay. It does not reconnect, because it could not know which events it missed in between.
 * Never rejects.
 */
export async function listen(
  { secret, hidden, streamId, settings, aws }: Upstream,
  {
    signal,
    onOpen = () => {},
    maxEvents = MAX_EVENTS,
  }: { readonly signal: AbortSignal; readonly onOpen?: () => void; readonly maxEvents?: number },
): Promise<ObservedEvents> {
  const clock = systemClock;
  const source = sourceOf({ streamId, settings, clock, log: silentLogger, tokens: tokenCache(clock), aws });
  const seen = new Map<string, ObservedEvent>();
  let connection: OpenConnection | undefined;
  const observed = (ended?: string): ObservedEvents => ({
    events: [...seen.values()],
    opened: connection !== undefined,
    ended,
  });
  try {
    const compressed = settings.source.compression === true;
    const answer = await source.open({ secret, position: undefined, compressed, signal });
    if (answer.kind === "refused") return observed(refusal(answer.status));
    connection = answer.connection;
    const { chunks, decoder, endsClean } = connection;
    const sink = remember(seen, settings, maxEvents);
    const close = () => connection?.close(signal.reason);
    signal.addEventListener("abort", close, { once: true });
    onOpen();
    for await (const chunk of chunks) {
      decoder.feed(chunk, sink);
      if (seen.size >= maxEvents) return observed(`it reached its limit of ${maxEvents} events`);
    }
    if (signal.aborted) return observed();
    decoder.end(endsClean, sink);
    const refused = connection.refusal?.();
    return observed(refused ? refusal(refused.status) : "the upstream ended it");
  } catch (error) {
    return observed(connection && signal.aborted ? undefined : reason(error, hidden));
  } finally {
    connection?.close();
    await source.close();
  }
}

/** Keeps each distinct event in the order of its first receipt. A repeat adds nothing to the check. */
function remember(
  seen: Map<string, ObservedEvent>,
  { source: { on }, events: { identity } }: RelaySettings,
  maxEvents: number,
): EventSink {
  return {
    event: (data, _bytes, type, id, ownId) => {
      const json = lazyJson(data);
      if (seen.size >= maxEvents || matchingRule(on, { data, type, json }) !== -1) return;
      const content = contentKey(data, type);
      const key =
        identity.kind === "arrival" ? content : eventKey(identity, { data, type, id, ownId, json, arrivalKey: "" });
      if (seen.has(key)) return;
      const beginning = data.toString().slice(0, BEGINNING_CHARACTERS);
      // A slice would keep the whole event in memory.
      seen.set(key, { key, content, beginning: Buffer.from(beginning).toString() });
    },
    // The relay counts an event over the size limit as refused; another check covers that count.
    refused: () => {},
    malformed: () => {},
    idChanged: () => {},
    idRefused: () => {},
    retry: () => {},
  };
}

function reason(error: unknown, hidden: readonly string[]): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return printable(redact([code, message].filter(Boolean).join(" "), hidden));
}

function refusal(status: number): string {
  const advice =
    status === 401 || status === 403
      ? "Check that STREAM_INGESTION_VERIFY_KEY is set and valid."
      : status === 409 || status === 420 || status === 429
        ? "If the upstream allows only one connection, omit --upstream and use --numbered-at."
        : "Check --upstream. `{streamId}` in it is replaced by the stream's id.";
  return `the upstream answered ${status}. ${advice}`;
}
