import type { Dispatcher } from "undici";
import { StreamError } from "../../support/errors";
import { request } from "../http-client";
import { header } from "./body";
import type { SourceRequest } from "./request";

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * Sends one GET and follows redirects. A redirect within the request's origin keeps the credentials. A redirect to another
 * origin carries none of the secret's headers. A redirect from https to http is not followed.
 * @throws StreamError SOURCE_STATUS for a redirect that cannot be followed; undici's errors
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
      // The relay has its own idle timer for head and body, which excludes the time in which the relay itself does not read.
      headersTimeout: 0,
      bodyTimeout: 0,
      signal,
    });
    if (!REDIRECTS.has(response.statusCode)) return response;
    discard(response.body);
    url = redirectTarget(url, header(response.headers, "location"), response.statusCode, redirects);
  }
}

function redirectTarget(from: URL, location: string, status: number, redirects: number): URL {
  const invalid = (what: string) =>
    new StreamError("SOURCE_STATUS", `The source answered ${status}: ${what}.`, { retryable: true });
  if (location === "") throw invalid("a redirect without a Location header");
  if (redirects >= MAX_REDIRECTS) throw invalid(`more than ${MAX_REDIRECTS} redirects`);
  if (!URL.canParse(location, from.href)) throw invalid("a redirect whose Location is not a URL");
  const to = new URL(location, from);
  if (to.protocol !== "https:" && to.protocol !== from.protocol)
    throw invalid(`a redirect from ${from.protocol} to ${to.protocol}, which is not followed`);
  return to;
}

/** Destroys an unread body and ignores its error. */
export function discard(body: Dispatcher.ResponseData["body"]): void {
  body.on("error", () => {});
  body.destroy();
}
