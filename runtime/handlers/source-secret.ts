import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { SourceSecret } from "../contract";
import { StreamError } from "../support/errors";
import { within } from "./aws";

const TIMEOUT_MS = 3_000;
const CONNECT_TIMEOUT_MS = 1_000;

/** The source's secret, read anew at each call: a rotation needs no deploy. */
export function sourceSecret(secretId: string) {
  const client = new SecretsManagerClient({
    maxAttempts: 2,
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS },
  });
  return {
    /** @throws StreamError CONFIG_INVALID when it is no JSON object with `url` and `path`; the message never quotes it. */
    read: async (): Promise<{ secret: SourceSecret; version: string }> => {
      const command = new GetSecretValueCommand({ SecretId: secretId });
      const { SecretString, VersionId = "" } = await client.send(command, { abortSignal: within(TIMEOUT_MS) });
      return { secret: parse(SecretString ?? ""), version: VersionId };
    },
    close: () => client.destroy(),
  };
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
