import { type ConnectionView, isStreamId, STREAM_ID_RULE } from "pulumi-stream-ingestion/internal";
import { type Signing, signed } from "./sign";
import { CliError, EXIT } from "./terminal";

const TIMEOUT_MS = 30_000;

export interface ConnectionClient {
  /** `started` is false when the stream was running already. */
  start(streamId: string, resume: boolean): Promise<{ readonly started: boolean; readonly connection: ConnectionView }>;
  stop(streamId: string): Promise<ConnectionView>;
  read(streamId: string): Promise<ConnectionView>;
  /** All streams, over all pages. */
  list(): AsyncIterable<ConnectionView>;
}

export interface ClientOptions extends Signing {
  readonly apiUrl: string;
  /** Value of `x-api-key`, if the deployment requires one. */
  readonly apiKey?: string;
}

/** Calls the connection API with signed requests. Rejects with {@link CliError} and the API's `code`. */
export function connectionClient({ apiUrl, apiKey, ...signing }: ClientOptions): ConnectionClient {
  const base = checkedBase(apiUrl);

  async function call<T>(method: string, path: string, body?: object): Promise<{ status: number; value: T }> {
    const headers: Record<string, string> = { accept: "application/json" };
    if (apiKey) headers["x-api-key"] = apiKey;
    if (body) headers["content-type"] = "application/json";
    const url = new URL(base + path);
    const request = await signed({ method, url, headers, body: body && JSON.stringify(body) }, signing);
    // API Gateway sends no redirects; one would carry the signature to another host.
    const init = { ...request, redirect: "error", signal: AbortSignal.timeout(TIMEOUT_MS) } as const;
    const response = await fetch(url, init).catch((cause: Error) => {
      throw unreachable(url, cause);
    });
    const text = await response.text();
    const value = parsed(text);
    if (response.ok && value !== undefined) return { status: response.status, value: value as T };
    throw errorOf(response.status, url, value, text);
  }

  return {
    start: async (streamId, resume) => {
      const { status, value } = await call<ConnectionView>("POST", pathOf(streamId), resume ? undefined : { resume });
      return { started: status === 202, connection: value };
    },
    stop: async (streamId) => (await call<ConnectionView>("DELETE", pathOf(streamId))).value,
    read: async (streamId) => (await call<ConnectionView>("GET", pathOf(streamId))).value,
    async *list() {
      let query = "";
      do {
        const { value } = await call<{ connections: ConnectionView[]; nextToken?: string }>(
          "GET",
          `/connections${query}`,
        );
        yield* value.connections;
        query = value.nextToken === undefined ? "" : `?nextToken=${encodeURIComponent(value.nextToken)}`;
      } while (query !== "");
    },
  };
}

/** Checked before the request, because the URL parser would resolve `..`. */
function pathOf(streamId: string): string {
  // All allowed characters are valid in a path, so the id needs no encoding.
  if (isStreamId(streamId)) return `/connections/${streamId}`;
  throw new CliError(
    `Expected the stream id to be ${STREAM_ID_RULE}, got ${JSON.stringify(streamId)}.`,
    "STREAM_ID_INVALID",
  );
}

function checkedBase(apiUrl: string): string {
  const url = URL.canParse(apiUrl) ? new URL(apiUrl) : undefined;
  const loopback = url !== undefined && /^(127\.|localhost$|\[::1\]$)/.test(url.hostname);
  if (url && !url.search && !url.username && (url.protocol === "https:" || (url.protocol === "http:" && loopback)))
    return apiUrl.replace(/\/+$/, "");
  throw new CliError(
    `Expected the API's URL to be https:// (or http:// on a loopback address) without user and query, got ${apiUrl}.`,
    "API_URL_INVALID",
  );
}

function unreachable(url: URL, error: Error): CliError {
  const { code, message } = (error.cause ?? error) as NodeJS.ErrnoException;
  const reason = error.name === "TimeoutError" ? `no response within ${TIMEOUT_MS / 1000} s` : (code ?? message);
  return new CliError(
    `Could not reach ${url.origin}: ${reason}. Check the URL and the network.`,
    "UNREACHABLE",
    undefined,
    {
      cause: error,
    },
  );
}

function errorOf(status: number, url: URL, value: unknown, text: string): CliError {
  // API Gateway writes `Message` when IAM denies the call, and `message` for other errors.
  const { code, Message, message = Message } = (value ?? {}) as Record<string, string | undefined>;
  if (code && message) return new CliError(message, code, status === 404 ? EXIT.notFound : EXIT.failed);
  const answer = message ?? (text.trim().slice(0, 200) || "no body");
  if (status === 403) {
    const needs =
      "The caller needs execute-api:Invoke on this route and an address inside `allowedCidrs`. Also check --region and the clock.";
    return new CliError(`The API refused the request (403): ${answer}. ${needs}`, "FORBIDDEN");
  }
  return new CliError(
    `${url.origin} answered ${status}: ${answer}. Check that this is the URL of a connection API.`,
    "UNEXPECTED_ANSWER",
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
