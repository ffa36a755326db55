import { isStreamId } from "../runtime/contract";
import type { ConnectionView } from "../runtime/control/api/view";
import { type Signing, signed } from "./sign";
import { CliError, EXIT } from "./terminal";

const TIMEOUT_MS = 30_000;

export interface ConnectionClient {
  /** True: it was started by this call. False: it was live. */
  start(streamId: string, resume: boolean): Promise<{ readonly started: boolean; readonly connection: ConnectionView }>;
  stop(streamId: string): Promise<ConnectionView>;
  read(streamId: string): Promise<ConnectionView>;
  /** All streams, page after page. */
  list(): AsyncIterable<ConnectionView>;
}

export interface ClientOptions extends Signing {
  readonly apiUrl: string;
  /** Value for `x-api-key`, where the deployment asks for one. */
  readonly apiKey?: string;
}

/** The connection API, signed. Rejects with {@link CliError}: a sentence, and the API's own `code`. */
export function connectionClient({ apiUrl, apiKey, ...signing }: ClientOptions): ConnectionClient {
  const base = checkedBase(apiUrl);

  async function ask<T>(method: string, path: string, body?: object): Promise<{ status: number; value: T }> {
    const headers: Record<string, string> = { accept: "application/json" };
    if (apiKey) headers["x-api-key"] = apiKey;
    if (body) headers["content-type"] = "application/json";
    const url = new URL(base + path);
    const request = await signed({ method, url, headers, body: body && JSON.stringify(body) }, signing);
    // A redirect would carry the signature elsewhere; API Gateway sends none.
    const init = { ...request, redirect: "error", signal: AbortSignal.timeout(TIMEOUT_MS) } as const;
    const response = await fetch(url, init).catch((cause: Error) => {
      throw unreachable(url, cause);
    });
    const text = await response.text();
    const value = parsed(text);
    if (response.ok && value !== undefined) return { status: response.status, value: value as T };
    throw refused(response.status, url, value, text);
  }

  return {
    start: async (streamId, resume) => {
      const { status, value } = await ask<ConnectionView>("POST", pathOf(streamId), resume ? undefined : { resume });
      return { started: status === 202, connection: value };
    },
    stop: async (streamId) => (await ask<ConnectionView>("DELETE", pathOf(streamId))).value,
    read: async (streamId) => (await ask<ConnectionView>("GET", pathOf(streamId))).value,
    async *list() {
      let query = "";
      do {
        const { value } = await ask<{ connections: ConnectionView[]; nextToken?: string }>(
          "GET",
          `/connections${query}`,
        );
        yield* value.connections;
        query = value.nextToken === undefined ? "" : `?nextToken=${encodeURIComponent(value.nextToken)}`;
      } while (query !== "");
    },
  };
}

/** Checked here too: `..` would be resolved away before it left this machine. */
function pathOf(streamId: string): string {
  // Its characters may all stand in a path, and unescaped they are signed alike everywhere.
  if (isStreamId(streamId)) return `/connections/${streamId}`;
  throw new CliError(
    `Expected a stream id of 1 to 128 characters out of A-Z a-z 0-9 . _ : @ - and neither "." nor "..", got ${JSON.stringify(streamId)}.`,
    "STREAM_ID_INVALID",
  );
}

function checkedBase(apiUrl: string): string {
  const url = URL.canParse(apiUrl) ? new URL(apiUrl) : undefined;
  const loopback = url !== undefined && /^(127\.|localhost$|\[::1\]$)/.test(url.hostname);
  if (url && !url.search && !url.username && (url.protocol === "https:" || (url.protocol === "http:" && loopback)))
    return apiUrl.replace(/\/+$/, "");
  throw new CliError(
    `Expected the API's URL to be https:// (or http:// on this machine) without user and query, got ${apiUrl}.`,
    "API_URL_INVALID",
  );
}

function unreachable(url: URL, error: Error): CliError {
  const { code, message } = (error.cause ?? error) as NodeJS.ErrnoException;
  const why = error.name === "TimeoutError" ? `no answer within ${TIMEOUT_MS / 1000} s` : (code ?? message);
  return new CliError(
    `Could not reach ${url.origin}: ${why}. Is the URL right, and the network up?`,
    "UNREACHABLE",
    undefined,
    {
      cause: error,
    },
  );
}

function refused(status: number, url: URL, value: unknown, text: string): CliError {
  // API Gateway writes `Message` when IAM says no, and `message` for everything else.
  const { code, Message, message = Message } = (value ?? {}) as Record<string, string | undefined>;
  if (code && message) return new CliError(message, code, status === 404 ? EXIT.notFound : EXIT.failed);
  const said = message ?? (text.trim().slice(0, 200) || "nothing");
  if (status === 403) {
    const needs =
      "The caller needs execute-api:Invoke on this route and an address inside `allowedCidrs`; check also --region and the clock.";
    return new CliError(`The API refused the request (403): ${said}. ${needs}`, "FORBIDDEN");
  }
  return new CliError(
    `${url.origin} answered ${status}: ${said}. Is this the URL of a connection API?`,
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
