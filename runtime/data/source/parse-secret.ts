import type { SourceSecret } from "../../contract";
import { StreamError } from "../../support/errors";

const isText = (value: unknown) => typeof value === "string";
const isTexts = (value: unknown) => isObject(value) && Object.values(value).every(isText);
const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isUrl = (value: unknown) => isText(value) && URL.canParse(value as string);

/** Each member of the secret: whether a value is allowed, and the allowed values in words. */
const MEMBERS: { readonly [Name in keyof Required<SourceSecret>]: readonly [(value: unknown) => boolean, string] } = {
  url: [isText, "a string"],
  path: [isText, "a string"],
  key: [isText, "a string"],
  headers: [isTexts, "an object of strings"],
  query: [isTexts, "an object of strings"],
  messages: [(value) => Array.isArray(value) && value.every(isText), "a list of strings"],
  body: [isText, "a string, also for JSON,"],
  oauth2: [
    (value) =>
      isObject(value) && "tokenUrl" in value && isUrl(value.tokenUrl) && "clientId" in value && isText(value.clientId),
    "an object with the URL `tokenUrl` and the string `clientId`",
  ],
  tls: [isTexts, "an object with the strings `ca`, `cert` and `key`"],
  proxy: [isUrl, "a URL"],
};

/**
 * The source's secret from its JSON. Members that it does not know are ignored, because a rotation may need them.
 * @throws StreamError CONFIG_INVALID that names the member. The message never contains a value.
 */
export function parseSecret(text: string): SourceSecret {
  const secret = parseJson(text) as Record<string, unknown> | undefined;
  if (!isObject(secret) || secret.url === undefined || secret.path === undefined)
    throw invalid('a JSON object with "url" and "path"');
  for (const [name, [isAllowed, allowed]] of Object.entries(MEMBERS))
    if (secret[name] !== undefined && secret[name] !== null && !isAllowed(secret[name]))
      throw invalid(`${allowed} as "${name}"`);
  // A null is a member without a value.
  return Object.fromEntries(Object.entries(secret).filter(([, value]) => value !== null)) as unknown as SourceSecret;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message contains the text, so it is not used.
    return undefined;
  }
}

function invalid(expected: string): StreamError {
  return new StreamError(
    "CONFIG_INVALID",
    `Expected the source's secret to have ${expected}. Deploy again, or store a valid value in Secrets Manager.`,
  );
}
