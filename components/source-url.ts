import * as pulumi from "@pulumi/pulumi";
import { type SourceArgs, SourceFormat, SourceMethod } from "./args";
import { expect, expectThat, SECRET_VALUE } from "./expect";
import { known } from "./known";

interface Origin {
  readonly url: string;
  readonly path: string;
  readonly key?: string;
}

/** `url` and `path` of the source, checked now or when they are known. @throws Error that names the argument and what is allowed */
export function checkedOrigin(source: SourceArgs): Pick<SourceArgs, "url" | "path"> {
  if (source.secretArn !== undefined) return {};
  const { url, path, key } = source;
  expect(url !== undefined, "`source.url`", "the upstream's origin", url);
  expect(path !== undefined, "`source.path`", 'a path on the upstream, such as "/"', path);
  const checked = known({ url, path, key }, (origin: Origin) => {
    checkOrigin(origin, source);
    return origin;
  });
  const output = pulumi.output(checked);
  return { url: output.url, path: output.path };
}

function checkOrigin({ url, path, key }: Origin, source: SourceArgs): void {
  expectThat(isOrigin(url), "`source.url` to be an http, https, ws or wss URL without a query", SECRET_VALUE);
  expectThat(typeof path === "string" && path.startsWith("/"), '`source.path` to start with "/"', SECRET_VALUE);
  const { protocol, username, hostname } = new URL(url);
  const hasKey = key !== undefined && key !== "";
  expectThat(!hasKey || username === "", "either `source.key` or a user and password in `source.url`", "both");
  const isReadable = protocol === "http:" || protocol === "ws:";
  expectThat(
    !isReadable || !(hasKey || username !== "") || source.allowInsecureHttp === true || LOOPBACK.test(hostname),
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
