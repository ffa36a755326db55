import { type RelaySettings, type SourceRequest, sourceRequest } from "pulumi-stream-ingestion/internal";
import { CliError } from "../terminal";

/**
 * The request of the second connection: what the relay sends for this stream, but to the URL in `--upstream`. Errors never
 * show the URL, because it can contain a key. @throws CliError UPSTREAM_INVALID
 */
export function upstreamRequest(
  url: string,
  key: string | undefined,
  streamId: string,
  source: RelaySettings["source"],
): SourceRequest {
  // Matched as text: the URL parser would encode the braces of the placeholder.
  const [, origin, path = ""] = /^(https?:\/\/[^/?#@]+)([/?][^#]*)?$/i.exec(url) ?? [];
  const placeholders = path.match(/\{[^}]*\}?/g) ?? [];
  if (origin === undefined || placeholders.some((placeholder) => placeholder !== "{streamId}"))
    throw new CliError(
      "Expected --upstream to be an http or https URL without user and fragment, with {streamId} as the only placeholder. " +
        "Its value is not shown, because it can contain a key. If the upstream requires a credential, set STREAM_INGESTION_VERIFY_KEY.",
      "UPSTREAM_INVALID",
    );
  const rooted = path.startsWith("?") ? `/${path}` : path;
  try {
    const request = sourceRequest({ url: origin, path: rooted, key }, source, streamId, undefined);
    const values = [...request.url.searchParams.values()].filter((value) => value.length > 3);
    return { ...request, secrets: [...request.secrets, ...values] };
  } catch (cause) {
    throw new CliError(
      `The request for --upstream cannot be built: ${(cause as Error).message}`,
      "UPSTREAM_INVALID",
      undefined,
      {
        cause,
      },
    );
  }
}
