import type { Dispatcher } from "undici";
import { StreamError } from "../support/errors";
import { header } from "./body";
import { request } from "./http-client";
import type { SourceRequest } from "./source-request";

const HEADERS_TIMEOUT_MS = 30_000;
const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * One GET with its redirects. On the request's own origin they keep the credentials; anywhere else they carry none of the
 * secret's headers, and they never leave TLS. @throws StreamError SOURCE_STATUS on a redirect that leads nowhere; undici's errors
 */
export async function openSource(
  source: SourceRequest,
  dispatcher: Dispatcher,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  let url = source.url;
  for (let redirects = 0; ; redirects++) {
    const response = await request(dispatcher, {
      origin: url.origin,
      path: url.pathname + url.search,
      method: "GET",
      headers: url.origin === source.url.origin ? source.headers : source.publicHeaders,
      headersTimeout: HEADERS_TIMEOUT_MS,
      // The relay's own idle timer knows a pause from silence.
      bodyTimeout: 0,
      signal,
    });
    if (!REDIRECTS.has(response.statusCode)) return response;
    discard(response.body);
    url = redirected(url, header(response.headers, "location"), response.statusCode, redirects);
  }
}

function redirected(from: URL, location: string, status: number, redirects: number): URL {
  const wrong = (what: string) =>
    new StreamError("SOURCE_STATUS", `The source answered ${status}: ${what}.`, { retryable: true });
  if (location === "") throw wrong("a redirect without a Location");
  if (redirects >= MAX_REDIRECTS) throw wrong(`more than ${MAX_REDIRECTS} redirects`);
  if (!URL.canParse(location, from.href)) throw wrong("a redirect to something that is no URL");
  const to = new URL(location, from);
  if (to.protocol !== "https:" && to.protocol !== from.protocol)
    throw wrong(`a redirect from ${from.protocol} to ${to.protocol}, which is not followed`);
  return to;
}

/** Ends a body nobody reads; its error is of no interest then. */
export function discard(body: Dispatcher.ResponseData["body"]): void {
  body.on("error", () => {});
  body.destroy();
}
