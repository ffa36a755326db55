import type { Dispatcher } from "undici";
import type { RelaySettings } from "../../runtime/contract";
import { decodedBody, isFramed } from "../../runtime/data/body";
import type { EventSink } from "../../runtime/data/event-sink";
import { Agent } from "../../runtime/data/http-client";
import { contentKey, eventKey, isIgnored } from "../../runtime/data/identity";
import { discard, openSource } from "../../runtime/data/open-source";
import { classifyStatus } from "../../runtime/data/reconnect";
import { redact, type SourceRequest } from "../../runtime/data/source-request";
import { streamDecoder } from "../../runtime/data/stream-decoder";
import { lazyJson } from "../../runtime/support/json-pointer";
import { printable } from "../terminal";
import type { Testimony, WitnessedEvent } from "./observed-events";

/** A second connection to upstream, which only listens. */
export interface Witness {
  /** Resolves when upstream has let it in, or has not. Never rejects. */
  readonly opened: Promise<void>;
  /** Ends the connection and tells what it saw. Never rejects. */
  leave(): Promise<Testimony>;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** About 50 MB of digests and beginnings. */
const MAX_EVENTS = 200_000;
const BEGINNING_CHARACTERS = 60;

/** Opens a second connection. Ends when `signal` aborts, too. */
export function openWitness(request: SourceRequest, settings: RelaySettings, signal: AbortSignal): Witness {
  const left = new AbortController();
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const testimony = listen(request, settings, { signal: AbortSignal.any([signal, left.signal]), onOpen: open });
  void testimony.then(open);
  return {
    opened,
    leave: () => {
      left.abort();
      return testimony;
    },
  };
}

/**
 * Listens with the relay's request and decoders, and with nothing else of the relay, until upstream ends it or `signal`
 * aborts. It does not reconnect: what came in between would be neither seen nor known to be unseen. Never rejects.
 */
export async function listen(
  request: SourceRequest,
  settings: RelaySettings,
  {
    signal,
    onOpen = () => {},
    maxEvents = MAX_EVENTS,
  }: { readonly signal: AbortSignal; readonly onOpen?: () => void; readonly maxEvents?: number },
): Promise<Testimony> {
  const dispatcher = new Agent({ allowH2: false, connect: { timeout: CONNECT_TIMEOUT_MS } });
  const seen = new Map<string, WitnessedEvent>();
  let response: Dispatcher.ResponseData | undefined;
  let opened = false;
  const told = (ended?: string): Testimony => ({ events: [...seen.values()], opened, ended });
  try {
    response = await openSource(request, dispatcher, signal);
    const { statusCode, headers } = response;
    if (classifyStatus(statusCode) !== "stream") return told(refusal(statusCode));
    const decoder = streamDecoder(settings, headers);
    const body = decodedBody(response.body, headers);
    const sink = remember(seen, settings.events, maxEvents);
    opened = true;
    onOpen();
    for await (const chunk of body as AsyncIterable<Buffer>) {
      decoder.feed(chunk, sink);
      if (seen.size >= maxEvents) return told(`it remembers ${maxEvents} events and no more`);
    }
    decoder.end(isFramed(headers), sink);
    return told("the upstream ended it");
  } catch (error) {
    return told(opened && signal.aborted ? undefined : reason(error, request));
  } finally {
    if (response !== undefined) discard(response.body);
    await dispatcher.destroy();
  }
}

/** Keeps each distinct event at its first place: of one that comes back later, that place would say nothing new. */
function remember(
  seen: Map<string, WitnessedEvent>,
  { identity, ignore }: RelaySettings["events"],
  maxEvents: number,
): EventSink {
  return {
    event: (data, _bytes, type, id, ownId) => {
      const json = lazyJson(data);
      if (seen.size >= maxEvents || isIgnored(ignore, type, json)) return;
      const content = contentKey(data, type);
      const key =
        identity.kind === "arrival" ? content : eventKey(identity, { data, type, id, ownId, json, arrivalKey: "" });
      if (seen.has(key)) return;
      const beginning = data.toString().slice(0, BEGINNING_CHARACTERS);
      // A slice would keep all of a large event alive.
      seen.set(key, { key, content, beginning: Buffer.from(beginning).toString() });
    },
    // The relay counts what is over its limit as refused, and a check of its own asks for that.
    refused: () => {},
    malformed: () => {},
    idChanged: () => {},
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
      ? "Is STREAM_INGESTION_VERIFY_KEY set, and right?"
      : status === 409 || status === 420 || status === 429
        ? "An upstream that allows one connection bears no witness: leave --upstream away, and see --numbered-at."
        : "Is --upstream right? `{streamId}` in it stands for the stream.";
  return `the upstream answered ${status}. ${advice}`;
}
