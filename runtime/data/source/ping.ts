import type WebSocket from "ws";
import type { WebSocketSettings } from "../../contract";
import type { Clock } from "../../support/clock";
import { StreamError } from "../../support/errors";

/**
 * Sends a ping at each interval, and calls `onSilent` when nothing arrived since the last one. A paused socket reads no answer, so
 * it is not expected to. Returns a function that ends it.
 */
export function keepAlive(
  socket: WebSocket,
  { intervalMs, message }: WebSocketSettings["ping"],
  clock: Clock,
  onSilent: (error: StreamError) => void,
): () => void {
  const ended = new AbortController();
  let isAnswered = true;
  const seen = () => {
    isAnswered = true;
  };
  const run = async () => {
    for (;;) {
      await clock.sleep(intervalMs, ended.signal);
      if (ended.signal.aborted) return;
      if (socket.readyState !== socket.OPEN) continue;
      if (socket.isPaused) seen();
      else if (!isAnswered) return onSilent(silent(intervalMs));
      else {
        isAnswered = false;
        if (message === undefined) socket.ping();
        else socket.send(message);
      }
    }
  };
  socket.on("message", seen).on("ping", seen).on("pong", seen);
  if (intervalMs > 0) void run();
  return () => ended.abort();
}

function silent(intervalMs: number): StreamError {
  return new StreamError(
    "SOURCE_IDLE",
    `The source did not answer a ping within ${intervalMs} ms. Set \`source.webSocket.pingMessage\` if it expects a text message, or \`pingIntervalSeconds: 0\` for none.`,
    { retryable: true },
  );
}
