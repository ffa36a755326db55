import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import type { Feed, Feeds, Outlet } from "./feeds";

/**
 * Serves feeds over `wss`: the last segment of the path is the stream id. A connection gets nothing before its first message,
 * `{"from":"N"}` with the number of the last event that it has, or none.
 */
export async function startWebSocketFeeds(feeds: Feeds, tls: { readonly key: string; readonly cert: string }) {
  const server = createServer(tls);
  const sockets = new WebSocketServer({ noServer: true, autoPong: false });
  server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const feed = feeds.feed(decodeURIComponent(request.url!.split("/").at(-1)!));
    const refused = feed.refusal(request);
    if (refused === undefined) return sockets.handleUpgrade(request, socket, head, (opened) => serve(feed, opened));
    const retryAfter = refused.retryAfter === undefined ? "" : `retry-after: ${refused.retryAfter}\r\n`;
    socket.on("error", () => {}).end(`HTTP/1.1 ${refused.status} Refused\r\n${retryAfter}connection: close\r\n\r\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `wss://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function serve(feed: Feed, socket: WebSocket): void {
  const connection = feed.connect(outletOf(feed, socket));
  socket.on("error", () => {}).on("close", connection.closed);
  socket.once("message", (message) => {
    const { from } = JSON.parse(message.toString()) as { from: string };
    connection.subscribe(from === "" ? undefined : Number(from));
  });
}

function outletOf(feed: Feed, socket: WebSocket): Outlet {
  const pong = (data: Buffer) => socket.pong(data);
  socket.on("ping", pong);
  return {
    send: (numbers) => {
      for (const n of numbers) socket.send(feed.sent[n - 1]!);
    },
    end: (code = 1000) => socket.close(code),
    // Without a close frame.
    reset: () => socket.terminate(),
    // As after a lost network, which no reset reports: pings get no answer.
    stall: () => void socket.off("ping", pong),
  };
}
