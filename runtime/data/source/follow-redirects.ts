import { StreamError } from "../../support/errors";
import { header } from "./body";
import { discard } from "./http-transport";
import { isLocalHost } from "./local-address";
import { localRedirect } from "./public-lookup";
import type { SourceRequest } from "./request";
import type { HttpResponse, Send } from "./send";

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

export interface SourceResponse extends HttpResponse {
  /** A redirect led to another origin, which does not get the credentials. */
  readonly withoutCredentials: boolean;
}

/**
 * Sends the request and follows redirects. A redirect within the request's origin keeps the credentials. A redirect to another
 * origin carries none of the secret's headers and no body. A redirect from https to http, and one from a public source to this
 * machine or its link-local network, is not followed.
 * @throws StreamError SOURCE_STATUS for a redirect that cannot be followed; the transport's errors
 */
export async function openSource(
  source: SourceRequest,
  send: Send,
  signal: AbortSignal,
  onSent?: () => void,
): Promise<SourceResponse> {
  let { url, method } = source;
  let sameOrigin = true;
  let publicOnly = false;
  for (let redirects = 0; ; redirects++) {
    const response = await send({
      url,
      method,
      headers: sameOrigin ? source.headers : source.publicHeaders,
      // A 303, and a 301 or 302 after a POST, is requested with GET: https://fetch.spec.whatwg.org/#http-redirect-fetch
      ...(sameOrigin && method !== "GET" && { body: source.body }),
      signal,
      publicOnly,
      onSent,
    });
    const { statusCode } = response;
    if (!REDIRECTS.has(statusCode)) return { ...response, withoutCredentials: !sameOrigin };
    discard(response.body);
    url = redirectTarget(url, header(response.headers, "location"), statusCode, redirects);
    // The source itself may be on this machine or in its network; what it redirects to may not, unless it is the same host.
    publicOnly = url.hostname !== source.url.hostname && !isLocalHost(source.url.hostname);
    if (publicOnly && isLocalHost(url.hostname)) throw localRedirect();
    if (statusCode === 303 || ((statusCode === 301 || statusCode === 302) && method === "POST")) method = "GET";
    sameOrigin = url.origin === source.url.origin;
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
  if (to.username !== "" || to.password !== "") throw invalid("a redirect to a URL with credentials");
  return to;
}
