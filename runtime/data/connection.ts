import type { Dispatcher } from "undici";
import type { RelaySettings } from "../contract";
import type { Clock } from "../support/clock";
import { StreamError } from "../support/errors";
import { decodedBody, header, isFramed } from "./body";
import type { ConnectionEnd } from "./connection-end";
import type { Intake } from "./event-pipeline";
import { discard, openSource } from "./open-source";
import { judgeStatus, retryAfterMs } from "./reconnect";
import { redact, type SourceRequest } from "./source-request";
import { streamDecoder } from "./stream-decoder";
import type { Writer } from "./writer";

export interface ConnectionDeps {
  readonly settings: RelaySettings;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly intake: Intake;
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
    const verdict = judgeStatus(response.statusCode);
    if (verdict === "stream") return await read(response, deps);
    if (verdict === "completed") return { kind: "completed" };
    return await refused(response, request, deps);
  } catch (cause) {
    if (deps.signal.aborted) return { kind: "stopped" };
    const error = sourceError(cause);
    const clean = redact(error.message, request.secrets);
    const told = clean === error.message ? error : new StreamError(error.code, clean, { retryable: error.retryable });
    return error.code === "SOURCE_FORMAT" || error.code === "CONFIG_INVALID"
      ? { kind: "failed", error: told }
      : { kind: "broken", error: told };
  } finally {
    if (response) discard(response.body);
  }
}

/** Pulls: while the writer is full nobody reads, so the socket stands still, and that silence is not upstream's. */
async function read(response: Dispatcher.ResponseData, deps: ConnectionDeps): Promise<ConnectionEnd> {
  const { settings, intake, writer, signal } = deps;
  const lastEventId = settings.source.resume.kind === "last-event-id" ? intake.position : undefined;
  const decoder = streamDecoder(settings, response.headers, lastEventId);
  const body = decodedBody(response.body, response.headers);
  const idle = idleTimer(settings.source.idleTimeoutMs, deps.clock, (error) => body.destroy(error));
  deps.onOpen();
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      idle.stop();
      intake.counts.bytes += chunk.length;
      deps.onBytes();
      decoder.feed(chunk, intake);
      writer.flush();
      while (writer.full && !signal.aborted) await writer.changed();
      if (signal.aborted) return { kind: "stopped" };
      idle.start();
    }
    decoder.end(isFramed(response.headers), intake);
    return signal.aborted ? { kind: "stopped" } : { kind: "ended" };
  } finally {
    idle.end();
    writer.flush();
    body.on("error", () => {});
    body.destroy();
  }
}

/** Fires when it ran for `timeoutMs` without a stop. One sleeper serves a connection: chunks only move its mark. */
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
  const excerpt = await beginning(body, clock, signal);
  const said = excerpt === "" ? "" : `: ${redact(excerpt, request.secrets)}`;
  const error = new StreamError("SOURCE_STATUS", `The source answered ${statusCode}${said}`, {
    retryable: judgeStatus(statusCode) === "retry",
  });
  return {
    kind: "refused",
    status: statusCode,
    retryAfterMs: retryAfterMs(header(headers, "retry-after") || undefined, clock.now()),
    error,
  };
}

/** What an error page begins with, if it comes within a second. */
async function beginning(body: Dispatcher.ResponseData["body"], clock: Clock, signal: AbortSignal): Promise<string> {
  const done = new AbortController();
  void clock.sleep(1_000, AbortSignal.any([signal, done.signal])).then(() => body.destroy());
  let bytes = Buffer.alloc(0);
  try {
    for await (const chunk of body) {
      bytes = Buffer.concat([bytes, chunk as Buffer]);
      if (bytes.length >= EXCERPT_BYTES) break;
    }
  } catch {
    // A page that breaks off has said what it had to say.
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
