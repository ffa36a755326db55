import type { Dispatcher } from "undici";
import type { RelaySettings, SourceSecret } from "../../contract";
import type { Clock } from "../../support/clock";
import { StreamError } from "../../support/errors";
import type { Logger } from "../../support/logger";
import { httpTransport, sendWith, type Transport } from "./http-transport";
import type { TokenCache } from "./oauth2";
import type { OpenRequest, Refusal } from "./port";
import { redact, type SourceRequest, sourceRequest } from "./request";
import { type AwsIdentity, signedRequest } from "./signed-request";
import { sourceError } from "./source-error";

export interface SourceDeps {
  readonly streamId: string;
  readonly settings: RelaySettings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly tokens: TokenCache;
  readonly aws: AwsIdentity;
  /** @default one that the secret's `tls` and `proxy` define, closed with the source */
  readonly dispatcher?: Dispatcher;
}

/** Builds the requests of one stream with their credentials. The HTTP and the WebSocket transport share one. */
export interface RequestPreparer {
  /** The request, or the refusal of its credential by the token endpoint. @throws StreamError without secrets in its message */
  prepare(opening: OpenRequest): Promise<{ readonly kind: "request"; readonly request: SourceRequest } | Refusal>;
  transportFor(secret: SourceSecret): Transport;
  /** The next request gets another access token. False: it has none. */
  discardCredential(): boolean;
  /** Closes the connections that are kept between requests. */
  close(): Promise<void>;
}

export function requestPreparer(deps: SourceDeps): RequestPreparer {
  const { source } = deps.settings;
  const transports = new Map<string, Transport>();
  let token: string | undefined;

  /** One for each certificate and proxy: the secret may change while the relay runs. */
  function transportFor({ tls, proxy }: SourceSecret): Transport {
    if (deps.dispatcher) return { send: sendWith(deps.dispatcher), close: async () => {} };
    const id = JSON.stringify([tls, proxy]);
    const transport = transports.get(id) ?? httpTransport({ tls, proxy }, source.http2 ?? false);
    transports.set(id, transport);
    return transport;
  }

  async function build({ secret, position, signal, compressed }: OpenRequest): Promise<SourceRequest> {
    const { auth } = source;
    if (source.http2 && secret.proxy !== undefined)
      throw new StreamError(
        "CONFIG_INVALID",
        "Expected `source.http2` to be false with a proxy, got true. Remove `proxy` from the source's secret, or deploy again without `source.http2`.",
      );
    token = auth.kind === "oauth2" ? await deps.tokens.get(secret, auth, transportFor(secret).send, signal) : undefined;
    const request = sourceRequest(secret, source, deps.streamId, position, { compressed, token });
    return auth.kind === "aws-sigv4" ? signedRequest(request, auth, deps.aws, deps.clock.now()) : request;
  }

  return {
    async prepare(opening) {
      try {
        return { kind: "request", request: await build(opening) };
      } catch (cause) {
        const error = redacted(sourceError(cause), [opening.secret.key ?? ""]);
        // A token endpoint that refuses the client is the same as a source that refuses the credential.
        if (error.code === "SOURCE_STATUS") return { kind: "refused", status: 401, error };
        throw error;
      }
    },
    transportFor,
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

/** The cause is left out where the message had to change: it contains the secret. */
export function redacted(error: StreamError, secrets: readonly string[]): StreamError {
  const clean = redact(error.message, secrets);
  return clean === error.message ? error : new StreamError(error.code, clean, { retryable: error.retryable });
}
