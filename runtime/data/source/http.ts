import type { Dispatcher } from "undici";
import type { RelaySettings, SourceSecret } from "../../contract";
import type { Clock } from "../../support/clock";
import { StreamError } from "../../support/errors";
import type { Logger } from "../../support/logger";
import { streamDecoder } from "../stream-decoder";
import { decodedBody, header } from "./body";
import { readExcerpt } from "./excerpt";
import { openSource, type SourceResponse } from "./follow-redirects";
import { discard, httpTransport, sendWith, type Transport } from "./http-transport";
import type { TokenCache } from "./oauth2";
import { classifyStatus } from "./outcome";
import type { Answer, OpenConnection, OpenRequest, Source } from "./port";
import { redact, type SourceRequest, sourceRequest } from "./request";
import { retryAfterMs } from "./retry-after";
import { type AwsIdentity, signedRequest } from "./signed-request";

export interface HttpSourceDeps {
  readonly streamId: string;
  readonly settings: RelaySettings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly tokens: TokenCache;
  readonly aws: AwsIdentity;
  /** @default one that the secret's `tls` and `proxy` define, closed with the source */
  readonly dispatcher?: Dispatcher;
}

/** A source that answers one HTTP request with an endless body. */
export function httpSource(deps: HttpSourceDeps): Source {
  const { settings } = deps;
  const transports = new Map<string, Transport>();
  let token: string | undefined;

  /** One for each certificate and proxy: the secret may change while the relay runs. */
  function transportFor({ tls, proxy }: SourceSecret): Transport {
    if (deps.dispatcher) return { send: sendWith(deps.dispatcher), close: async () => {} };
    const id = JSON.stringify([tls, proxy]);
    const transport = transports.get(id) ?? httpTransport({ tls, proxy }, settings.source.http2 ?? false);
    transports.set(id, transport);
    return transport;
  }

  async function prepare({ secret, position, signal, compressed }: OpenRequest): Promise<SourceRequest> {
    const { auth } = settings.source;
    token = auth.kind === "oauth2" ? await deps.tokens.get(secret, auth, transportFor(secret).send, signal) : undefined;
    const request = sourceRequest(secret, settings.source, deps.streamId, position, { compressed, token });
    return auth.kind === "aws-sigv4" ? signedRequest(request, auth, deps.aws, deps.clock.now()) : request;
  }

  return {
    async open(opening: OpenRequest): Promise<Answer> {
      const secrets = [opening.secret.key ?? ""].filter((secret) => secret !== "");
      let request: SourceRequest;
      try {
        request = await prepare(opening);
      } catch (cause) {
        const error = redacted(sourceError(cause), secrets);
        // A token endpoint that refuses the client is the same as a source that refuses the credential.
        if (error.code === "SOURCE_STATUS") return { kind: "refused", status: 401, error };
        throw error;
      }
      let response: SourceResponse | undefined;
      try {
        response = await openSource(request, transportFor(opening.secret).send, opening.signal);
        if (classifyStatus(response.statusCode) !== "stream")
          return await refused(response, request, opening.signal, deps);
        return { kind: "stream", connection: openConnection(response, request, opening.position, deps) };
      } catch (cause) {
        if (response) discard(response.body);
        throw redacted(sourceError(cause), request.secrets);
      }
    },
    discardCredential() {
      if (token === undefined) return false;
      deps.tokens.discard(token);
      return true;
    },
    async close() {
      await Promise.all([...transports.values()].map((transport) => transport.close()));
    },
  };
}

function openConnection(
  response: SourceResponse,
  request: SourceRequest,
  position: string | undefined,
  { settings, log }: HttpSourceDeps,
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
  { clock }: HttpSourceDeps,
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
function redacted(error: StreamError, secrets: readonly string[]): StreamError {
  const clean = redact(error.message, secrets);
  return clean === error.message ? error : new StreamError(error.code, clean, { retryable: error.retryable });
}
