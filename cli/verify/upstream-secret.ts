import { parseSecret, type RelaySettings, type SourceSecret, sourceRequest } from "pulumi-stream-ingestion/internal";
import { CliError } from "../terminal";

export interface UpstreamOptions {
  /** `--upstream`. */
  readonly url?: string;
  readonly key?: string;
  /** Text of the file in `--upstream-secret`: members of the source's secret. */
  readonly file?: string;
}

/** What the second connection connects with. `hidden` are values that no message may show. */
export interface UpstreamSecret {
  readonly secret: SourceSecret;
  readonly hidden: readonly string[];
}

/**
 * The secret of the second connection: the file's members, with the URL of `--upstream` and the key in their place. Errors never
 * show a value. @throws CliError UPSTREAM_INVALID
 */
export function upstreamSecret(
  { url, key, file = "{}" }: UpstreamOptions,
  streamId: string,
  source: RelaySettings["source"],
): UpstreamSecret {
  const place = url === undefined ? {} : placeOf(url);
  try {
    const secret = parseSecret(JSON.stringify({ ...membersOf(file), ...place, ...(key !== undefined && { key }) }));
    // Reports what is wrong with it before the stream is started.
    const { url: target } = sourceRequest(secret, source, streamId, undefined);
    return { secret, hidden: [...target.searchParams.values()].filter((value) => value.length > 3) };
  } catch (cause) {
    throw new CliError(
      `The request of the second connection cannot be built: ${(cause as Error).message}`,
      "UPSTREAM_INVALID",
      undefined,
      { cause },
    );
  }
}

function placeOf(url: string): Pick<SourceSecret, "url" | "path"> {
  // Matched as text: the URL parser would encode the braces of the placeholder.
  const [, origin, path = ""] = /^((?:https?|wss?):\/\/[^/?#@]+)([/?][^#]*)?$/i.exec(url) ?? [];
  const placeholders = path.match(/\{[^}]*\}?/g) ?? [];
  if (origin === undefined || placeholders.some((placeholder) => placeholder !== "{streamId}"))
    throw new CliError(
      "Expected --upstream to be an http, https, ws or wss URL without user and fragment, with {streamId} as the only placeholder. " +
        "Its value is not shown, because it can contain a key. If the upstream requires a credential, set STREAM_INGESTION_VERIFY_KEY.",
      "UPSTREAM_INVALID",
    );
  return { url: origin, path: path.startsWith("?") ? `/${path}` : path };
}

function membersOf(file: string): object {
  try {
    const members: unknown = JSON.parse(file);
    if (typeof members === "object" && members !== null && !Array.isArray(members)) return members;
  } catch {
    // The parser's message contains the text, so it is not used.
  }
  throw new CliError(
    "Expected the file of --upstream-secret to be a JSON object with members of the source's secret.",
    "UPSTREAM_INVALID",
  );
}
