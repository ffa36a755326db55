import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { CommandResult } from "./protocol";

export interface Refusal extends CommandResult {
  readonly status: 401 | 403;
}

export function newToken(): string {
  return randomBytes(24).toString("base64url");
}

const LOOPBACK = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/;

/**
 * Refuses requests that do not come from this console's page. The host must be a loopback address, because a name of another site
 * can resolve to 127.0.0.1 (DNS rebinding). A browser sends `Origin` or `Sec-Fetch-Site` with requests of other sites.
 */
export function refusedSite({ headers }: Pick<IncomingMessage, "headers">): Refusal | undefined {
  const { host = "", origin, "sec-fetch-site": site } = headers;
  if (!LOOPBACK.test(host)) return forbidden(`Expected a loopback host such as 127.0.0.1, got "${host}".`);
  if (origin !== undefined && origin !== `http://${host}`)
    return forbidden(`The console accepts requests of its page only, got one of ${origin}.`);
  if (site !== undefined && site !== "same-origin" && site !== "none")
    return forbidden("The console accepts requests of its page only, got one of another site.");
  return undefined;
}

/** Refuses a request without the console's token. @param query value of `?token=` */
export function refusedToken(
  { headers }: Pick<IncomingMessage, "headers">,
  query: string | null,
  token: string,
): Refusal | undefined {
  const received = query ?? /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1] ?? "";
  if (timingSafeEqual(digest(received), digest(token))) return undefined;
  const message =
    "The console's token is missing or belongs to an earlier run. Open the link that the terminal printed.";
  return { ok: false, status: 401, code: "UNAUTHORIZED", message };
}

/** Of equal length, as the comparison requires. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function forbidden(message: string): Refusal {
  return { ok: false, status: 403, code: "FORBIDDEN", message };
}
