import {
  classifyStatus,
  contentKey,
  decodedBody,
  discard,
  type EventSink,
  eventKey,
  httpTransport,
  lazyJson,
  matchingRule,
  openSource,
  type RelaySettings,
  redact,
  type SourceRequest,
  streamDecoder,
} from "pulumi-stream-ingestion/internal";
import { printable } from "../terminal";
import type { ObservedEvent, ObservedEvents } from "./observed-events";

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
export function openSecondConnection(
  request: SourceRequest,
  settings: RelaySettings,
  signal: AbortSignal,
): SecondConnection {
  const closed = new AbortController();
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const observed = listen(request, settings, { signal: AbortSignal.any([signal, closed.signal]), onOpen: open });
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
 * Reads the stream until the upstream ends it or `signal` aborts. It uses the relay's request and decoders, and no other
 * part of the relay. It does not reconnect, because it could not know which events it missed in between. Never rejects.
 */
export async function listen(
  request: SourceRequest,
  settings: RelaySettings,
  {
    signal,
    onOpen = () => {},
    maxEvents = MAX_EVENTS,
  }: { readonly signal: AbortSignal; readonly onOpen?: () => void; readonly maxEvents?: number },
): Promise<ObservedEvents> {
  const transport = httpTransport({}, settings.source.http2 ?? false);
  const seen = new Map<string, ObservedEvent>();
  let response: Awaited<ReturnType<typeof openSource>> | undefined;
  let opened = false;
  const observed = (ended?: string): ObservedEvents => ({ events: [...seen.values()], opened, ended });
  try {
    response = await openSource(request, transport.send, signal);
    const { statusCode, headers } = response;
    if (classifyStatus(statusCode) !== "stream") return observed(refusal(statusCode));
    const decoder = streamDecoder(settings, headers);
    const body = decodedBody(response.body, headers);
    const sink = remember(seen, settings, maxEvents);
    opened = true;
    onOpen();
    for await (const chunk of body as AsyncIterable<Buffer>) {
      decoder.feed(chunk, sink);
      if (seen.size >= maxEvents) return observed(`it reached its limit of ${maxEvents} events`);
    }
    decoder.end(response.framed, sink);
    return observed("the upstream ended it");
  } catch (error) {
    return observed(opened && signal.aborted ? undefined : reason(error, request));
  } finally {
    if (response !== undefined) discard(response.body);
    await transport.close();
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

function reason(error: unknown, { secrets }: SourceRequest): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return printable(redact([code, message].filter(Boolean).join(" "), secrets));
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
