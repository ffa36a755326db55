import type { RelaySettings } from "../../runtime/contract";
import { type SourceRequest, sourceRequest } from "../../runtime/data/source-request";
import { CliError } from "../terminal";

/**
 * The request of a second connection: what the relay would send for this stream, to the URL that was given. Its messages
 * never show the URL, which may hold a key. @throws CliError UPSTREAM_INVALID
 */
export function upstreamRequest(
  url: string,
  key: string | undefined,
  streamId: string,
  source: RelaySettings["source"],
): SourceRequest {
  // By its text: parsed, the braces of the placeholder would be encoded.
  const [, origin, path = ""] = /^(https?:\/\/[^/?#@]+)([/?][^#]*)?$/i.exec(url) ?? [];
  const placeholders = path.match(/\{[^}]*\}?/g) ?? [];
  if (origin === undefined || placeholders.some((placeholder) => placeholder !== "{streamId}"))
    throw new CliError(
      "Expected --upstream to be an http or https URL without user and fragment, with no placeholder but {streamId}; it is not. " +
        "The credential, if the upstream takes one, goes into STREAM_INGESTION_VERIFY_KEY.",
      "UPSTREAM_INVALID",
    );
  const rooted = path.startsWith("?") ? `/${path}` : path;
  try {
    const request = sourceRequest({ url: origin, path: rooted, key }, source, streamId, undefined);
    const values = [...request.url.searchParams.values()].filter((value) => value.length > 3);
    return { ...request, secrets: [...request.secrets, ...values] };
  } catch (cause) {
    throw new CliError(`The upstream cannot be asked: ${(cause as Error).message}`, "UPSTREAM_INVALID", undefined, {
      cause,
    });
  }
}
