import { StreamError } from "../../support/errors";
import { streamDecoder } from "../stream-decoder";
import { decodedBody, header } from "./body";
import { readExcerpt } from "./excerpt";
import { openSource, type SourceResponse } from "./follow-redirects";
import { discard } from "./http-transport";
import { classifyStatus } from "./outcome";
import type { Answer, OpenConnection, OpenRequest, Source } from "./port";
import { type RequestPreparer, redacted, type SourceDeps } from "./prepare";
import { redact, type SourceRequest } from "./request";
import { retryAfterMs } from "./retry-after";
import { sourceError } from "./source-error";

/** A source that answers one HTTP request with an endless body. */
export function httpSource(deps: SourceDeps, preparer: RequestPreparer): Pick<Source, "open"> {
  return {
    async open(opening: OpenRequest): Promise<Answer> {
      const prepared = await preparer.prepare(opening);
      if (prepared.kind === "refused") return prepared;
      const { request } = prepared;
      let response: SourceResponse | undefined;
      try {
        response = await openSource(
          request,
          preparer.transportFor(opening.secret).send,
          opening.signal,
          opening.onSent,
        );
        if (classifyStatus(response.statusCode) !== "stream")
          return await refused(response, request, opening.signal, deps);
        return { kind: "stream", connection: openConnection(response, request, opening.position, deps) };
      } catch (cause) {
        if (response) discard(response.body);
        throw redacted(sourceError(cause), request.secrets);
      }
    },
  };
}

function openConnection(
  response: SourceResponse,
  request: SourceRequest,
  position: string | undefined,
  { settings, log }: SourceDeps,
): OpenConnection {
  const lastEventId = settings.source.resume.kind === "last-event-id" ? position : undefined;
  const decoder = streamDecoder(settings, response.headers, lastEventId);
  const body = decodedBody(response.body, response.headers, (coding) =>
    log.log(
      "warn",
      `The source's content-encoding "${coding.slice(0, 50)}" is not a compression. The body is read as it is.`,
    ),
  );
  // Without a listener, an error after the last read would end the process.
  body.on("error", () => {});
  return {
    decoder,
    endsClean: response.framed,
    chunks: withErrors(body as AsyncIterable<Buffer>, (cause) => redacted(sourceError(cause), request.secrets)),
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
  { statusCode, headers, body, withoutCredentials }: SourceResponse,
  request: SourceRequest,
  signal: AbortSignal,
  { clock }: SourceDeps,
): Promise<Answer> {
  const excerpt = statusCode === 204 ? "" : await readExcerpt(body, clock, signal);
  discard(body);
  const detail = excerpt === "" ? "" : `: ${redact(excerpt, request.secrets)}`;
  const lost =
    statusCode === 401 && withoutCredentials
      ? " after a redirect to another host, which does not receive the credential. Set `source.url` to the host that the redirect leads to"
      : "";
  const error = new StreamError("SOURCE_STATUS", `The source answered ${statusCode}${lost}${detail}`, {
    retryable: classifyStatus(statusCode) === "retry",
  });
  const retryAfter = retryAfterMs(header(headers, "retry-after") || undefined, clock.now());
  return { kind: "refused", status: statusCode, retryAfterMs: retryAfter, error };
}
