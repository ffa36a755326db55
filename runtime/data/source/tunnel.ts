import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { connect as tlsConnect } from "node:tls";
import { StreamError } from "../../support/errors";
import { proxyClient } from "../http-client";
import type { Tls } from "./send";

const CONNECT_TIMEOUT_MS = 10_000;

/** A connection to the host of `target` through an HTTP proxy (RFC 9110, section 9.3.6), with TLS where the target has it. */
export async function openTunnel(
  proxy: string,
  target: URL,
  tls: Tls | undefined,
  signal: AbortSignal,
): Promise<Duplex> {
  const { username, password, origin } = new URL(proxy);
  const client = proxyClient(new URL(origin), { connect: { timeout: CONNECT_TIMEOUT_MS, ...tls } });
  const isSecure = target.protocol === "wss:" || target.protocol === "https:";
  const host = `${target.hostname}:${target.port || (isSecure ? 443 : 80)}`;
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const { statusCode, socket } = await client.connect({
    origin,
    path: host,
    headers: { host, ...(username && { "proxy-authorization": `Basic ${Buffer.from(user).toString("base64")}` }) },
    signal,
  });
  if (statusCode !== 200) {
    socket.on("error", () => {}).destroy();
    throw new StreamError(
      "SOURCE_NETWORK",
      `The proxy answered ${statusCode} and opened no tunnel. Check \`source.proxy\`.`,
      { retryable: true },
    );
  }
  if (!isSecure) return socket;
  const name = target.hostname.replace(/^\[|\]$/g, "");
  // `host` is what the certificate must be for. An address is not a valid server name.
  return tlsConnect({ socket, host: name, servername: isIP(name) ? "" : name, ...tls });
}
