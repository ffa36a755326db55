import { createHash, createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** The signature that a request must carry for the secret key `hidden-key`, computed from what was received. */
export function expectedSignature(
  { headers }: IncomingMessage,
  { method, path, query, body }: Record<"method" | "path" | "query" | "body", string>,
): { readonly actual: string; readonly expected: string } {
  const [, scope = "", names = "", actual = ""] =
    /Credential=AKID\/([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(headers.authorization ?? "") ??
    [];
  const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
  const canonical = [
    ...[method, path, query],
    ...names.split(";").map((name) => `${name}:${headers[name]}`),
    ...["", names, sha256(body)],
  ].join("\n");
  const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();
  const key = scope.split("/").reduce<string | Buffer>(hmac, "AWS4hidden-key");
  const text = `AWS4-HMAC-SHA256\n${headers["x-amz-date"]}\n${scope}\n${sha256(canonical)}`;
  return { actual, expected: hmac(key, text).toString("hex") };
}
