import type { IncomingMessage } from "node:http";
import WebSocket from "ws";
import type { RelaySettings, SourceSecret } from "../../contract";
import type { Clock } from "../../support/clock";
import { StreamError } from "../../support/errors";
import { messageDecoder } from "../message-decoder";
import { headDigest } from "../partial-line";
import { classifyCloseCode } from "./close-code";
import { readExcerpt } from "./excerpt";
import { MessageQueue } from "./message-queue";
import { keepAlive } from "./ping";
import { fill, jsonEscaped } from "./placeholders";
import type { Answer, OpenConnection, OpenRequest, Refusal, Source } from "./port";
import { type RequestPreparer, redacted, type SourceDeps } from "./prepare";
import { redact, type SourceRequest } from "./request";
import { retryAfterMs } from "./retry-after";
import { sourceError } from "./source-error";
import { openTunnel } from "./tunnel";

const HANDSHAKE_TIMEOUT_MS = 10_000;
/** After its close frame a source sends nothing more, and may leave the connection open. */
const CLOSE_TIMEOUT_MS = 1_000;
/** More than this is read ahead only within one read of the socket. */
const QUEUE = { messages: 256, bytes: 1 << 20 };
/** A message over the limit is read to its end and refused. One over this many times the limit ends the connection. */
const HELD_LIMITS = 4;
const HELD_BYTES = 16 << 20;
const heldBytes = (maxEventBytes: number) => Math.max(HELD_BYTES, maxEventBytes * HELD_LIMITS);
/** Stands for a message that was too long to be held. */
const TOO_LONG = Buffer.alloc(1);

/** A source that sends messages over a WebSocket (RFC 6455). Each text or binary message is one event. */
export function webSocketSource(deps: SourceDeps, preparer: RequestPreparer): Pick<Source, "open"> {
  return {
    async open(opening: OpenRequest): Promise<Answer> {
      checkSettings(deps.settings, opening);
      const prepared = await preparer.prepare(opening);
      return prepared.kind === "refused" ? prepared : open(opening, prepared.request, deps);
    },
  };
}

async function open(
  { secret, position, signal }: OpenRequest,
  request: SourceRequest,
  deps: SourceDeps,
): Promise<Answer> {
  const { streamId, settings, clock } = deps;
  const { source, events } = settings;
  const { subprotocols, compression } = source.webSocket;
  const tunnel = secret.proxy === undefined ? undefined : await tunnelTo(request, secret, signal);
  const socket = new WebSocket(request.url, [...subprotocols], {
    headers: request.headers,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    // The types do not have it.
    ...{ closeTimeout: CLOSE_TIMEOUT_MS },
    maxPayload: heldBytes(events.maxEventBytes),
    perMessageDeflate: compression,
    followRedirects: false,
    ...secret.tls,
    ...(tunnel && { createConnection: () => tunnel }),
  });
  // Before the first await: the first message may arrive with the handshake's response.
  const connection = openConnection(socket, request, deps);
  const close = () => connection.close(signal.reason);
  if (signal.aborted) close();
  else signal.addEventListener("abort", close, { once: true });
  socket.once("close", () => signal.removeEventListener("abort", close));
  try {
    const refused = await handshake(socket);
    if (refused) return await refusal(refused, request, clock, signal);
    const { key, messages = [] } = secret;
    for (const message of messages) socket.send(fill(message, { streamId, position, key }, jsonEscaped));
    return { kind: "stream", connection };
  } catch (cause) {
    connection.close();
    throw lost(cause, request);
  }
}

async function tunnelTo(request: SourceRequest, { proxy = "", tls }: SourceSecret, signal: AbortSignal) {
  try {
    return await openTunnel(proxy, request.url, tls, signal);
  } catch (cause) {
    throw lost(cause, request);
  }
}

/** Rejects what a WebSocket cannot apply. A deployment rejects it too, unless it does not know the URL. @throws StreamError CONFIG_INVALID */
function checkSettings({ source: { method, http2, format } }: RelaySettings, { secret }: OpenRequest): void {
  const unsupported =
    (method !== undefined && "source.method") ||
    (secret.body !== undefined && "source.body") ||
    (http2 && "source.http2") ||
    (format !== "auto" && "source.format");
  if (!unsupported) return;
  throw new StreamError(
    "CONFIG_INVALID",
    `Expected the source's \`url\` to be http or https with \`${unsupported}\`, got a WebSocket. Remove \`${unsupported}\` or change the URL.`,
  );
}

/** Resolves when the socket is open, or with the response that refused it. */
function handshake(socket: WebSocket): Promise<IncomingMessage | undefined> {
  return new Promise((resolve, reject) => {
    socket.once("open", () => resolve(undefined));
    socket.once("unexpected-response", (_, response: IncomingMessage) => resolve(response));
    socket.once("error", reject);
  });
}

function openConnection(socket: WebSocket, request: SourceRequest, deps: SourceDeps): OpenConnection {
  const { settings, clock } = deps;
  const queue = new MessageQueue(
    QUEUE,
    () => socket.pause(),
    () => socket.resume(),
  );
  const { maxEventBytes } = settings.events;
  const messages = messageDecoder(maxEventBytes);
  let refused: Refusal | undefined;
  let failure: Error | undefined;
  const heartbeat = () => queue.push(EMPTY);
  const fail = (error: Error) => {
    failure ??= error;
    socket.terminate();
  };
  const stopPings = keepAlive(socket, settings.source.webSocket.ping, clock, fail);
  socket.on("message", (data) => queue.push(data as Buffer));
  socket.on("ping", heartbeat).on("pong", heartbeat);
  socket.on("error", (error: Error & { readonly code?: string }) => {
    if (error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH") queue.push(TOO_LONG);
    fail(error);
  });
  socket.on("close", (code, reason) => {
    stopPings();
    const text = reason.toString();
    const meaning = classifyCloseCode(code);
    if (failure || meaning.kind === "lost")
      return queue.end(lost(failure ?? new Error(`close code ${code}${text && `: ${text}`}`), request));
    if (meaning.kind === "refused") {
      const message = `The source closed the WebSocket with code ${code}${text && `: ${redact(text, request.secrets)}`}`;
      refused = { kind: "refused", status: meaning.status, error: new StreamError("SOURCE_STATUS", message) };
    }
    queue.end();
  });
  return {
    chunks: queue,
    decoder: {
      feed: (message, sink) => {
        if (message === TOO_LONG) sink.refused(headDigest(EMPTY, maxEventBytes), "message", "");
        else messages.feed(message, sink);
      },
      end: messages.end,
      unread: messages.unread,
      held: messages.held,
    },
    endsClean: true,
    refusal: () => refused,
    redact: (text) => redact(text, request.secrets),
    close: (error) => {
      stopPings();
      queue.abort(error);
      // The source sees why: a close frame goes out before the socket is destroyed.
      if (socket.readyState === WebSocket.OPEN) socket.close(1000);
      socket.terminate();
    },
  };
}

const EMPTY = Buffer.alloc(0);

/** What the source answered instead of opening the WebSocket. */
async function refusal(
  response: IncomingMessage,
  { secrets }: SourceRequest,
  clock: Clock,
  signal: AbortSignal,
): Promise<Refusal> {
  const { statusCode: status = 0, headers } = response;
  const excerpt = await readExcerpt(response, clock, signal);
  response.destroy();
  const detail = excerpt === "" ? "" : `: ${redact(excerpt, secrets)}`;
  if (status >= 200 && status < 300)
    throw new StreamError("SOURCE_FORMAT", `The source answered ${status} and opened no WebSocket${detail}`);
  return {
    kind: "refused",
    status,
    retryAfterMs: retryAfterMs(headers["retry-after"], clock.now()),
    error: new StreamError("SOURCE_STATUS", `The source answered ${status}${detail}`),
  };
}

function lost(cause: unknown, { secrets }: SourceRequest): StreamError {
  return redacted(sourceError(cause, "The WebSocket to the source failed"), secrets);
}
