import type { WebSocketSettings } from "../runtime/contract";
import type { SourceArgs } from "./args";
import { expect, integer, onlyKeys } from "./expect";

const DEFAULT_PING_INTERVAL_SECONDS = 30;

const KEYS = ["subprotocols", "messages", "pingIntervalSeconds", "pingMessage", "compression"];
const EXAMPLE = `{ messages: ['{"op":"subscribe","channel":"{streamId}"}'] }`;
/** RFC 6455, section 4.1: a token. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** The settings of `source.webSocket`, checked. @throws Error that names the argument and what is wrong with it */
export function webSocketSettings({ url, format, webSocket = {} }: SourceArgs): WebSocketSettings {
  onlyKeys("source.webSocket", webSocket, KEYS, EXAMPLE);
  const { subprotocols = [], messages, pingIntervalSeconds, pingMessage, compression = false } = webSocket;
  checkUrl(url, Object.keys(webSocket).length > 0, format ?? "auto");
  expect(
    Array.isArray(subprotocols) &&
      new Set(subprotocols).size === subprotocols.length &&
      subprotocols.every((name) => typeof name === "string" && TOKEN.test(name)),
    "`source.webSocket.subprotocols`",
    'a list of distinct names such as ["v1.json"]',
    subprotocols,
  );
  expect(
    messages === undefined || typeof messages === "object",
    "`source.webSocket.messages`",
    "a list of messages",
    "something else (they are secrets)",
  );
  expect(
    pingMessage === undefined || (typeof pingMessage === "string" && pingMessage !== ""),
    "`source.webSocket.pingMessage`",
    "text",
    pingMessage,
  );
  expect(typeof compression === "boolean", "`source.webSocket.compression`", "true or false", compression);
  const seconds = pingIntervalSeconds ?? DEFAULT_PING_INTERVAL_SECONDS;
  return {
    subprotocols,
    compression,
    ping: {
      intervalMs: 1000 * integer("source.webSocket.pingIntervalSeconds", seconds, 0, 840),
      ...(pingMessage !== undefined && { message: pingMessage }),
    },
  };
}

/** An output cannot be read before it is known: then the relay reports what does not fit. */
function checkUrl(url: SourceArgs["url"], isConfigured: boolean, format: string): void {
  if (typeof url !== "string") return;
  const isWebSocket = /^wss?:/i.test(url);
  expect(
    !isConfigured || isWebSocket,
    "`source.webSocket`",
    "given with a `source.url` that begins with wss:",
    "it with another URL",
  );
  expect(
    !isWebSocket || format === "auto",
    "`source.format`",
    '"auto" for a WebSocket, where each message is an event',
    format,
  );
}
