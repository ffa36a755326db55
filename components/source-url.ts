import type { SourceSecret } from "../runtime/contract";
import { type SourceArgs, SourceFormat, SourceMethod } from "./args";
import { expect, expectThat, SECRET_VALUE } from "./expect";

/** Checks `url`, `path` and `key` of the source. @throws Error that names the argument and what is allowed */
export function checkOrigin({ url, path, key }: SourceSecret, source: SourceArgs): void {
  expectThat(isOrigin(url), "`source.url` to be an http, https, ws or wss URL without a query", SECRET_VALUE);
  expectThat(typeof path === "string" && path.startsWith("/"), '`source.path` to start with "/"', SECRET_VALUE);
  const parsed = new URL(url);
  const { protocol, username, password } = parsed;
  expectThat(
    isEncoded(username) && isEncoded(password),
    "`source.url` to have a percent-encoded user and password",
    SECRET_VALUE,
  );
  const hasKey = key !== undefined && key !== "";
  expectThat(!hasKey || username === "", "either `source.key` or a user and password in `source.url`", "both");
  expectThat(
    isConfidential(parsed) || !(hasKey || username !== "") || source.allowInsecureHttp === true,
    "`source.url` to be an https or wss URL because each request carries a credential",
    `${protocol === "ws:" ? "a ws" : "an http"} URL. Set \`source.allowInsecureHttp: true\` to send the credential unencrypted`,
  );
  if (protocol === "ws:" || protocol === "wss:") checkWebSocket(source);
  else
    expectThat(
      Object.keys(source.webSocket ?? {}).length === 0,
      "`source.webSocket` only with a `source.url` that starts with wss: or ws:",
      "it with another URL",
    );
}

/** Whether no other network can read what is sent there. */
export function isConfidential({ protocol, hostname }: URL): boolean {
  return protocol === "https:" || protocol === "wss:" || LOOPBACK.test(hostname);
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

const LOOPBACK = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/;

function isOrigin(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, search, hash } = new URL(value);
  return ["http:", "https:", "ws:", "wss:"].includes(protocol) && search === "" && hash === "";
}

/** Rejects arguments that a WebSocket cannot apply, because they would have no effect. */
function checkWebSocket({ method, body, http2, format = SourceFormat.auto }: SourceArgs): void {
  const unsupported = [
    method !== undefined && method !== SourceMethod.get ? "source.method" : undefined,
    body !== undefined ? "source.body" : undefined,
    http2 ? "source.http2" : undefined,
  ].find((argument) => argument !== undefined);
  expect(unsupported === undefined, "`source.url`", `an http or https URL with \`${unsupported}\``, "a WebSocket");
  expect(
    format === SourceFormat.auto,
    "`source.format`",
    '"auto" for a WebSocket, where each message is an event',
    format,
  );
}
