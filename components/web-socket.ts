import type { WebSocketSettings } from "../runtime/contract";
import type { SourceArgs } from "./args";
import { expect, integer, onlyKeys, text } from "./expect";
import { TOKEN } from "./header-name";

const DEFAULT_PING_INTERVAL_SECONDS = 30;

const KEYS = ["subprotocols", "messages", "pingIntervalSeconds", "pingMessage", "compression"];
const EXAMPLE = `{ messages: ['{"op":"subscribe","channel":"{streamId}"}'] }`;

/** Checks `source.webSocket` and adds the defaults. @throws Error that names the argument and what is wrong with it */
export function webSocketSettings({ webSocket = {} }: SourceArgs): WebSocketSettings {
  onlyKeys("source.webSocket", webSocket, KEYS, EXAMPLE);
  const { subprotocols = [], pingIntervalSeconds, pingMessage, compression = false } = webSocket;
  expect(
    Array.isArray(subprotocols) &&
      new Set(subprotocols).size === subprotocols.length &&
      subprotocols.every((name) => typeof name === "string" && TOKEN.test(name)),
    "`source.webSocket.subprotocols`",
    'a list of distinct names such as ["v1.json"]',
    subprotocols,
  );
  expect(typeof compression === "boolean", "`source.webSocket.compression`", "true or false", compression);
  const seconds = pingIntervalSeconds ?? DEFAULT_PING_INTERVAL_SECONDS;
  return {
    subprotocols,
    compression,
    ping: {
      intervalMs: 1000 * integer("source.webSocket.pingIntervalSeconds", seconds, 0, 840),
      ...(pingMessage !== undefined && { message: text("source.webSocket.pingMessage", pingMessage) }),
    },
  };
}
