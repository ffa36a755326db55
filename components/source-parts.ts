import { X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import type * as pulumi from "@pulumi/pulumi";
import type { SourceSecret } from "../runtime/contract";
import { type ResumeArgs, ResumeKind, type SourceArgs } from "./args";
import { expectThat, SECRET_VALUE } from "./expect";
import { checkHeaderName } from "./header-name";
import { known } from "./known";
import { checkOrigin, isConfidential } from "./source-url";

/** The parts of the source that its secret contains. */
export type SourceParts = { readonly [Part in keyof SourceSecret]: unknown };

/**
 * The parts of the source that are stored as a secret, checked now or when they are known. No message shows a value. Undefined: an
 * existing secret contains them. @throws Error that names the argument and what is allowed
 */
export function checkedParts(source: SourceArgs): pulumi.Input<SourceParts> | undefined {
  if (source.secretArn !== undefined) return undefined;
  const { url, path, key, headers, query, body, tls, proxy, webSocket, oauth2 } = source;
  expectThat(url !== undefined, "`source.url` to be the upstream's origin", "undefined");
  expectThat(path !== undefined, '`source.path` to be a path on the upstream, such as "/"', "undefined");
  const parts: SourceParts = {
    ...{ url, path, key, headers, query, body, tls, proxy },
    messages: webSocket?.messages,
    oauth2: oauth2 && { tokenUrl: oauth2.tokenUrl, clientId: oauth2.clientId },
  };
  return known(parts, (plain: SourceSecret) => {
    checkOrigin(plain, source);
    checkParts(plain);
    checkPosition(plain, source.resume ?? {});
    return plain;
  });
}

function checkParts({ key, headers, query, body, messages, oauth2, tls, proxy }: SourceSecret): void {
  expectSecret(isText(key), "`source.key` to be a string");
  expectSecret(isTexts(headers), "`source.headers` to be an object of strings");
  for (const [name, value] of Object.entries(headers ?? {})) {
    checkHeaderName(`source.headers["${name}"]`, name);
    expectSecret(isHeaderValue(value), `\`source.headers["${name}"]\` to be a string without control characters`);
  }
  expectSecret(isTexts(query), "`source.query` to be an object of strings");
  expectSecret(isText(body), "`source.body` to be a string: use JSON.stringify for JSON");
  expectSecret(
    messages === undefined || (Array.isArray(messages) && messages.every((one) => typeof one === "string")),
    "`source.webSocket.messages` to be a list of strings",
  );
  expectSecret(isText(oauth2?.clientId), "`source.oauth2.clientId` to be a string");
  expectSecret(
    oauth2 === undefined || isUrl(oauth2.tokenUrl, isConfidential),
    "`source.oauth2.tokenUrl` to be an https URL",
  );
  expectSecret(
    proxy === undefined || isUrl(proxy, ({ protocol }) => protocol === "http:" || protocol === "https:"),
    "`source.proxy` to be an http or https URL",
  );
  if (tls !== undefined) checkTls(tls);
}

/** OpenSSL's reason contains no value. */
function checkTls(tls: NonNullable<SourceSecret["tls"]>): void {
  expectSecret(isTexts(tls), "`source.tls` to have the strings `ca`, `cert` and `key`");
  const { ca, cert } = tls;
  let until: string | undefined;
  const reason = failureOf(() => {
    if (ca !== undefined) new X509Certificate(ca);
    if (cert !== undefined) until = new X509Certificate(cert).validTo;
  });
  expectThat(
    until === undefined || Date.parse(until) > Date.now(),
    "`source.tls.cert` to be a valid certificate",
    `one that expired on ${until}`,
  );
  const mismatch = reason ?? failureOf(() => void createSecureContext(tls));
  expectThat(
    mismatch === undefined,
    "`source.tls` to have certificates and a matching key in PEM",
    `error ${mismatch}`,
  );
}

function failureOf(read: () => void): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** A placeholder that nothing replaces, or a position that nothing sends, would silently resume from now. */
function checkPosition({ headers, query, body, messages }: SourceSecret, { kind }: ResumeArgs): void {
  const inRequest = sends({ headers, query, body });
  expectThat(
    inRequest === (kind === ResumeKind.body),
    '{position} in `source.body`, `source.query` or `source.headers` with `source.resume.kind` "body", and only with it',
    inRequest ? "it with another kind" : "no {position}",
  );
  expectThat(
    kind !== ResumeKind.message || sends(messages),
    'a message with {position} in `source.webSocket.messages` with `source.resume.kind` "message"',
    "none",
  );
}

const sends = (part: unknown) => part !== undefined && JSON.stringify(part).includes("{position}");

function expectSecret(condition: boolean, expected: string): void {
  expectThat(condition, expected, SECRET_VALUE);
}

const isText = (value: unknown) => value === undefined || typeof value === "string";

function isTexts(value: unknown): boolean {
  if (value === undefined) return true;
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.values(value).every(isText);
}

function isUrl(value: unknown, isAllowed: (url: URL) => boolean): boolean {
  return typeof value === "string" && URL.canParse(value) && isAllowed(new URL(value));
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: characters that a header must not contain
const isHeaderValue = (value: string | undefined) => !/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value ?? "");
