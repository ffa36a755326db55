import type { AwsClient } from "../aws/json-client";
import type { SourceSecret } from "../contract";
import { StreamError } from "../support/errors";
import { callSecretsManager } from "./aws";

/**
 * The source's secret, read anew at each call: a rotation needs no deploy.
 * @throws StreamError CONFIG_INVALID when it is no JSON object with `url` and `path`; the message never quotes it.
 */
export async function readSourceSecret(
  client: AwsClient,
  secretId: string,
): Promise<{ readonly secret: SourceSecret; readonly version: string }> {
  const answer = await callSecretsManager<{ SecretString?: string; VersionId?: string }>(
    client,
    "GetSecretValue",
    secretId,
  );
  return { secret: parse(answer.SecretString ?? ""), version: answer.VersionId ?? "" };
}

function parse(text: string): SourceSecret {
  try {
    const secret = JSON.parse(text) as Partial<SourceSecret>;
    if (typeof secret.url === "string" && typeof secret.path === "string") return secret as SourceSecret;
  } catch {
    // The parser's message quotes the text.
  }
  throw new StreamError(
    "CONFIG_INVALID",
    'Expected the source\'s secret to be a JSON object with "url" and "path". Deploy again, or put such a value into it.',
  );
}
