import type { AwsClient } from "../aws/json-client";
import type { SourceSecret } from "../contract";
import { parseSecret } from "../data/source/parse-secret";
import { callSecretsManager } from "./aws";

/**
 * Reads the source's secret. Each call reads it again, so that a rotation needs no deploy.
 * @throws StreamError CONFIG_INVALID when it is not a valid secret. The message does not contain it.
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
  return { secret: parseSecret(response.SecretString ?? ""), version: response.VersionId ?? "" };
}
