import type { Dispatcher } from "undici";
import type { RelaySettings } from "../../contract";
import type { Clock } from "../../support/clock";
import { StreamError } from "../../support/errors";
import { streamDecoder } from "../stream-decoder";
import { decodedBody, header, isFramed } from "./body";
import { readExcerpt } from "./excerpt";
import { discard, openSource } from "./follow-redirects";
import { classifyStatus } from "./outcome";
import type { Answer, OpenConnection, OpenRequest, Source } from "./port";
import { redact, type SourceRequest, sourceRequest } from "./request";
import { retryAfterMs } from "./retry-after";

export interface HttpSourceDeps {
  readonly streamId: string;
  readonly settings: RelaySettings;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
}

/** A source that answers one HTTP request with an endless body. */
export function httpSource(deps: HttpSourceDeps): Source {
  const { settings, dispatcher, streamId } = deps;
  return {
    async open({ secret, position, signal }: OpenRequest): Promise<Answer> {
      const request = sourceRequest(secret, settings.source, streamId, position);
      let response: Dispatcher.ResponseData | undefined;
      try {
        response = await openSource(request, dispatcher, signal);
        if (classifyStatus(response.statusCode) !== "stream") return await refused(response, request, signal, deps);
        return { kind: "stream", connection: openConnection(response, request, settings, position) };
      } catch (cause) {
        if (response) discard(response.body);
        throw redacted(sourceError(cause), request);
      }
    },
  };
}

function openConnection(
  response: Dispatcher.ResponseData,
  request: SourceRequest,
  settings: RelaySettings,
  position: string | undefined,
): OpenConnection {
  const lastEventId = settings.source.resume.kind === "last-event-id" ? position : undefined;
  const decoder = streamDecoder(settings, response.headers, lastEventId);
  const body = decodedBody(response.body, response.headers);
  // Without a listener, an error after the last read would end the process.
  body.on("error", () => {});
  return {
    decoder,
    endsClean: isFramed(response.headers),
    chunks: withErrors(body as AsyncIterable<Buffer>, (cause) => redacted(sourceError(cause), request)),
    redact: (text) => redact(text, request.secrets),
    close: (error) => {
      body.destroy(error);
      discard(response.body);
    },
  };
}

async function* withErrors(chunks: AsyncIterable<Buffer>, error: (cause: unknown) => Error): AsyncIterable<Buffer> {
  try {
    yield* chunks;
  } catch (cause) {
    throw error(cause);
  }
}

async function refused(
  { statusCode, headers, body }: Dispatcher.ResponseData,
  request: SourceRequest,
  signal: AbortSignal,
  { clock }: HttpSourceDeps,
): Promise<Answer> {
  const excerpt = statusCode === 204 ? "" : await readExcerpt(body, clock, signal);
  discard(body);
  const detail = excerpt === "" ? "" : `: ${redact(excerpt, request.secrets)}`;
  const error = new StreamError("SOURCE_STATUS", `The source answered ${statusCode}${detail}`, {
    retryable: classifyStatus(statusCode) === "retry",
  });
  const retryAfter = retryAfterMs(header(headers, "retry-after") || undefined, clock.now());
  return { kind: "refused", status: statusCode, retryAfterMs: retryAfter, error };
}

function sourceError(cause: unknown): StreamError {
  if (cause instanceof StreamError) return cause;
  const { code, message } = cause as { code?: string; message?: string };
  return new StreamError(
    code === "UND_ERR_CONNECT_TIMEOUT" ? "SOURCE_TIMEOUT" : "SOURCE_NETWORK",
    `The connection to the source failed: ${[code, message].filter(Boolean).join(" ")}`,
    { retryable: true, cause },
  );
}

/** The cause is left out where the message had to change: it contains the secret. */
function redacted(error: StreamError, { secrets }: SourceRequest): StreamError {
  const clean = redact(error.message, secrets);
  return clean === error.message ? error : new StreamError(error.code, clean, { retryable: error.retryable });
}
