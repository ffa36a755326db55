import type { Dispatcher } from "undici";
import type { RelaySettings } from "../contract";
import type { Clock } from "../support/clock";
import { StreamError } from "../support/errors";
import { decodedBody, header, isFramed } from "./body";
import type { ConnectionEnd } from "./connection-end";
import type { ControlEvent } from "./control-events";
import type { EventPipeline } from "./event-pipeline";
import { discard, openSource } from "./open-source";
import { classifyStatus, retryAfterMs } from "./reconnect";
import { redact, type SourceRequest } from "./source-request";
import { streamDecoder } from "./stream-decoder";
import type { Writer } from "./writer";

export interface ConnectionDeps {
  readonly settings: RelaySettings;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly pipeline: EventPipeline;
  readonly writer: Writer;
  /** Aborted: stop reading at once. */
  readonly signal: AbortSignal;
  readonly onOpen: () => void;
  readonly onBytes: () => void;
}

/** Opens one connection and reads it to its end. Never rejects. */
export async function runConnection(request: SourceRequest, deps: ConnectionDeps): Promise<ConnectionEnd> {
  let response: Dispatcher.ResponseData | undefined;
  try {
    response = await openSource(request, deps.dispatcher, deps.signal);
    const meaning = classifyStatus(response.statusCode);
    if (meaning === "stream") return await read(response, request, deps);
    if (meaning === "completed") return { kind: "completed" };
    return await refused(response, request, deps);
  } catch (cause) {
    if (deps.signal.aborted) return { kind: "stopped" };
    const error = sourceError(cause);
    const clean = redact(error.message, request.secrets);
    const reported =
      clean === error.message ? error : new StreamError(error.code, clean, { retryable: error.retryable });
    return error.code === "SOURCE_FORMAT" || error.code === "CONFIG_INVALID"
      ? { kind: "failed", error: reported }
      : { kind: "broken", error: reported };
  } finally {
    if (response) discard(response.body);
  }
}

/** Reads the body. While the writer is full it does not read, and that pause does not count as idle time of the source. */
async function read(
  response: Dispatcher.ResponseData,
  request: SourceRequest,
  deps: ConnectionDeps,
): Promise<ConnectionEnd> {
  const { settings, pipeline, writer, signal } = deps;
  const lastEventId = settings.source.resume.kind === "last-event-id" ? pipeline.position : undefined;
  const decoder = streamDecoder(settings, response.headers, lastEventId);
  const body = decodedBody(response.body, response.headers);
  const idle = idleTimer(settings.source.idleTimeoutMs, deps.clock, (error) => body.destroy(error));
  deps.onOpen();
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      idle.stop();
      pipeline.counts.bytes += chunk.length;
      deps.onBytes();
      decoder.feed(chunk, pipeline);
      if (pipeline.control) return endedBy(pipeline.control, request.secrets);
      writer.flush();
      while (writer.full && !signal.aborted) await writer.changed();
      if (signal.aborted) return { kind: "stopped" };
      idle.start();
    }
    const clean = isFramed(response.headers);
    decoder.end(clean, pipeline);
    if (signal.aborted) return { kind: "stopped" };
    if (pipeline.control) return endedBy(pipeline.control, request.secrets);
    return clean && settings.source.end === "complete" ? { kind: "completed" } : { kind: "ended" };
  } finally {
    idle.end();
    writer.flush();
    body.on("error", () => {});
    body.destroy();
  }
}

/** What a control event means for its connection. */
function endedBy({ action, rule, excerpt }: ControlEvent, secrets: readonly string[]): ConnectionEnd {
  if (action === "complete") return { kind: "completed" };
  const error = new StreamError(
    "SOURCE_EVENT",
    `The source sent an event for which \`source.on[${rule}]\` says ${action}: ${redact(excerpt, secrets)}`,
    { retryable: action !== "fail" },
  );
  return action === "fail" ? { kind: "failed", error } : { kind: "control", action, error };
}

/** Calls `onIdle` after `timeoutMs` without a stop. One sleep serves the whole connection: chunks only reset the start time. */
function idleTimer(timeoutMs: number, clock: Clock, onIdle: (error: StreamError) => void) {
  const ended = new AbortController();
  let since: number | undefined = clock.now();
  const watch = async () => {
    while (!ended.signal.aborted) {
      const quietMs = since === undefined ? 0 : clock.now() - since;
      if (quietMs >= timeoutMs) {
        const message = `The source sent nothing for ${timeoutMs} ms. Raise \`source.idleTimeoutSeconds\` if it may be quiet for longer.`;
        return onIdle(new StreamError("SOURCE_IDLE", message, { retryable: true }));
      }
      await clock.sleep(timeoutMs - quietMs, ended.signal);
    }
  };
  void watch();
  return {
    start: () => {
      since = clock.now();
    },
    stop: () => {
      since = undefined;
    },
    end: () => ended.abort(),
  };
}

const EXCERPT_BYTES = 300;

async function refused(
  { statusCode, headers, body }: Dispatcher.ResponseData,
  request: SourceRequest,
  { clock, signal }: ConnectionDeps,
): Promise<ConnectionEnd> {
  const excerpt = await readExcerpt(body, clock, signal);
  const detail = excerpt === "" ? "" : `: ${redact(excerpt, request.secrets)}`;
  const error = new StreamError("SOURCE_STATUS", `The source answered ${statusCode}${detail}`, {
    retryable: classifyStatus(statusCode) === "retry",
  });
  return {
    kind: "refused",
    status: statusCode,
    retryAfterMs: retryAfterMs(header(headers, "retry-after") || undefined, clock.now()),
    error,
  };
}

/** The first bytes of an error page that arrive within a second. */
async function readExcerpt(body: Dispatcher.ResponseData["body"], clock: Clock, signal: AbortSignal): Promise<string> {
  const done = new AbortController();
  void clock.sleep(1_000, AbortSignal.any([signal, done.signal])).then(() => body.destroy());
  let bytes = Buffer.alloc(0);
  try {
    for await (const chunk of body) {
      bytes = Buffer.concat([bytes, chunk as Buffer]);
      if (bytes.length >= EXCERPT_BYTES) break;
    }
  } catch {
    // An incomplete page is good enough for an excerpt.
  } finally {
    done.abort();
  }
  return bytes.toString("utf8", 0, EXCERPT_BYTES).replace(/\s+/g, " ").trim();
}

function sourceError(cause: unknown): StreamError {
  if (cause instanceof StreamError) return cause;
  const { code, message } = cause as { code?: string; message?: string };
  const timedOut = code === "UND_ERR_CONNECT_TIMEOUT" || code === "UND_ERR_HEADERS_TIMEOUT";
  return new StreamError(
    timedOut ? "SOURCE_TIMEOUT" : "SOURCE_NETWORK",
    `The connection to the source failed: ${[code, message].filter(Boolean).join(" ")}`,
    { retryable: true, cause },
  );
}
