import { Sha256 } from "@smithy/core/checksum";
import { SignatureV4 } from "@smithy/signature-v4";

export interface Call {
  readonly url: string;
  readonly method?: string;
  readonly body?: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly region: string;
  readonly service?: string;
  readonly signedAt?: Date;
  /** Changes to the request after it was signed. */
  readonly tampered?: { readonly url?: string; readonly method?: string; readonly body?: string };
}

// biome-ignore lint/suspicious/noExplicitAny: a response of any shape
type Json = any;

/** Sends a signed request, with optional changes after the signature. */
export async function signedFetch(call: Call): Promise<{ status: number; body: Json }> {
  const { method = "GET", body, service = "execute-api", signedAt, tampered = {} } = call;
  const url = new URL(call.url);
  const signer = new SignatureV4({ service, region: call.region, credentials: call.credentials, sha256: Sha256 });
  const { headers } = await signer.sign(
    {
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: { host: url.host },
      body,
    },
    signedAt && { signingDate: signedAt },
  );
  const response = await fetch(tampered.url ?? url, {
    method: tampered.method ?? method,
    headers,
    body: tampered.body ?? body,
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
}
