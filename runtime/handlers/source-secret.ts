import type { AwsClient } from "../aws/json-client";
import type { SourceSecret } from "../contract";
import { StreamError } from "../support/errors";
import { callSecretsManager } from "./aws";

/**
 * Reads the source's secret. Each call reads it again, so that a rotation needs no deploy.
 * @throws StreamError CONFIG_INVALID when it is not a JSON object with `url` and `path`. The message does not contain it.
 */
export async function readSourceSecret(
  client: AwsClient,
  secretId: string,
): Promise<{ readonly secret: SourceSecret; readonly version: string }> {
  const response = await callSecretsManager<{ SecretString?: string; VersionId?: string }>(
    client,
    "GetSecretValue",
    secretId,
  );
  return { secret: parse(response.SecretString ?? ""), version: response.VersionId ?? "" };
}

function parse(text: string): SourceSecret {
  try {
    const secret = JSON.parse(text) as Partial<SourceSecret>;
    if (typeof secret.url === "string" && typeof secret.path === "string") return secret as SourceSecret;
  } catch {
    // The parser's message contains the text, so it is not used.
  }
  throw new StreamError(
    "CONFIG_INVALID",
    'Expected the source\'s secret to be a JSON object with "url" and "path". Deploy again, or store a valid value in Secrets Manager.',
  );
}
