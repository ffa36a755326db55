import * as oauth from "oauth4webapi";
import type { AuthSettings, SourceSecret } from "../../contract";
import type { Clock } from "../../support/clock";
import { StreamError } from "../../support/errors";
import { isLocalHost } from "./local-address";
import type { Send } from "./send";

/** Access tokens of the client credentials grant (RFC 6749, section 4.4), shared by the streams of a hop. */
export interface TokenCache {
  /** The current token. A token that expires soon is replaced. @throws StreamError SOURCE_STATUS, SOURCE_NETWORK, CONFIG_INVALID */
  get(secret: SourceSecret, auth: OAuth2, send: Send, signal: AbortSignal): Promise<string>;
  /** The source refused this token: do not use it again. */
  discard(token: string): void;
}

export type OAuth2 = Extract<AuthSettings, { kind: "oauth2" }>;

interface Token {
  readonly value: string;
  /** Epoch milliseconds. */
  readonly replaceAt: number;
}

/** A token is replaced this long before it expires, or after 90 % of its lifetime if that is later. */
const REPLACE_BEFORE_MS = 60_000;
/** For a token without a lifetime. A 401 replaces it earlier. */
const UNKNOWN_LIFETIME_MS = 3_600_000;
/** Tokens have a few kilobytes. */
const MAX_ANSWER_BYTES = 1 << 20;

export function tokenCache(clock: Clock): TokenCache {
  const tokens = new Map<string, Token>();
  const requests = new Map<string, Promise<Token>>();
  return {
    async get(secret, auth, send, signal) {
      const client = JSON.stringify([secret.oauth2, secret.key, auth]);
      const known = tokens.get(client);
      if (known && clock.now() < known.replaceAt) return known.value;
      const request =
        requests.get(client) ?? requestToken(secret, auth, send, signal, clock).finally(() => requests.delete(client));
      requests.set(client, request);
      const token = await request;
      tokens.set(client, token);
      return token.value;
    },
    discard(value) {
      for (const [client, token] of tokens) if (token.value === value) tokens.delete(client);
    },
  };
}

async function requestToken(
  { oauth2, key }: SourceSecret,
  { clientAuth, scope, audience }: OAuth2,
  send: Send,
  signal: AbortSignal,
  clock: Clock,
): Promise<Token> {
  if (!oauth2 || !key || !URL.canParse(oauth2.tokenUrl))
    throw new StreamError(
      "CONFIG_INVALID",
      "Expected the source's secret to have `oauth2` with `tokenUrl` and `clientId`, and the client's secret as `key`. Correct the source and deploy again.",
    );
  const server = { issuer: new URL(oauth2.tokenUrl).origin, token_endpoint: oauth2.tokenUrl };
  const client = { client_id: oauth2.clientId };
  const parameters = { ...(scope !== undefined && { scope }), ...(audience !== undefined && { audience }) };
  const authentication = clientAuth === "post" ? oauth.ClientSecretPost(key) : oauth.ClientSecretBasic(key);
  try {
    const response = await oauth.clientCredentialsGrantRequest(server, client, authentication, parameters, {
      signal,
      [oauth.customFetch]: fetchWith(send, signal),
      [oauth.allowInsecureRequests]: isLocalHost(new URL(oauth2.tokenUrl).hostname),
    });
    const granted = await oauth.processClientCredentialsResponse(server, client, response);
    if (!/^[\x21-\x7e]+$/.test(granted.access_token)) throw new Error("it has characters that a header cannot have");
    const lifetimeMs = granted.expires_in === undefined ? UNKNOWN_LIFETIME_MS : granted.expires_in * 1_000;
    const replaceAfterMs = Math.max(lifetimeMs * 0.9, lifetimeMs - REPLACE_BEFORE_MS);
    return { value: granted.access_token, replaceAt: clock.now() + replaceAfterMs };
  } catch (cause) {
    throw tokenError(cause);
  }
}

/** The library's fetch, over the source's own transport: with its CA, its client certificate and its proxy. */
function fetchWith(send: Send, signal: AbortSignal) {
  return async (url: string, init: { method: string; headers: Record<string, string>; body?: unknown }) => {
    const sent = await send({
      url: new URL(url),
      method: init.method,
      headers: init.headers,
      body: String(init.body ?? ""),
      signal,
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of sent.body) {
      chunks.push(chunk as Buffer);
      bytes += (chunk as Buffer).length;
      if (bytes > MAX_ANSWER_BYTES) throw new Error(`the answer has more than ${MAX_ANSWER_BYTES} bytes`);
    }
    const headers = Object.entries(sent.headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)] as [string, string]],
    );
    return new Response(Buffer.concat(chunks), { status: sent.statusCode, headers });
  };
}

/** Errors of a request that cannot succeed (RFC 6749, section 5.2), and of a client that is refused. */
const PERMANENT = new Set([
  ...["invalid_request", "invalid_client", "invalid_grant", "invalid_scope", "invalid_target"],
  ...["unauthorized_client", "unsupported_grant_type", "access_denied"],
]);

/** A permanent error is shown as a 401 of the source. The rest is retried. */
function tokenError(cause: unknown): StreamError {
  if (cause instanceof StreamError) return cause;
  if (cause instanceof oauth.ResponseBodyError && (cause.status === 401 || PERMANENT.has(cause.error)))
    return new StreamError(
      "SOURCE_STATUS",
      `The token endpoint answered ${cause.status}: ${cause.error}${cause.error_description ? ` (${cause.error_description})` : ""}`,
      { cause, retryable: false },
    );
  if (cause instanceof oauth.WWWAuthenticateChallengeError)
    return new StreamError("SOURCE_STATUS", `The token endpoint answered ${cause.status}.`, { cause });
  const { message, cause: inner } = cause as Error;
  if (cause instanceof oauth.ResponseBodyError)
    return new StreamError("SOURCE_NETWORK", `The token endpoint answered ${cause.status}: ${cause.error}`, {
      cause,
      retryable: true,
    });
  const detail = inner instanceof Error ? `${message}: ${inner.message}` : message;
  return new StreamError("SOURCE_NETWORK", `No access token for the source: ${detail}`, { cause, retryable: true });
}
