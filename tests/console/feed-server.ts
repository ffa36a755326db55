import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pageAssets } from "../../cli/console/page-assets";
import { pageHtml } from "../../cli/console/page-html";
import type { Command, CommandResult, History, Payload, ServerMessage, Snapshot } from "../../cli/console/protocol";

export interface FeedServer {
  /** The link with its token. */
  readonly url: string;
  readonly commands: readonly Command[];
  send(message: ServerMessage): void;
  /** Ends the connections of all pages. While `isDown`, new ones are refused. */
  disconnect(isDown: boolean): void;
  close(): Promise<void>;
}

const TOKEN = "token-of-this-run";

/** Serves the page and the messages that a test sends. It answers every command, and remembers it. */
export async function startFeedServer(snapshot: () => Snapshot): Promise<FeedServer> {
  const { html, contentSecurityPolicy } = pageHtml(await pageAssets());
  const pages = new Set<ServerResponse>();
  const commands: Command[] = [];
  let isDown = false;
  const write = (page: ServerResponse, message: ServerMessage) => page.write(`data: ${JSON.stringify(message)}\n\n`);
  const answer = (response: ServerResponse, status: number, body: CommandResult | History | Payload) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));

  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url!, "http://127.0.0.1");
    if (pathname === "/") {
      response.writeHead(200, { "content-type": "text/html", "content-security-policy": contentSecurityPolicy });
      response.end(html);
      return;
    }
    if (isDown) {
      request.socket.destroy();
      return;
    }
    if (searchParams.get("token") !== TOKEN && request.headers.authorization !== `Bearer ${TOKEN}`) {
      answer(response, 401, { ok: false, message: "Wrong token.", code: "UNAUTHORIZED" });
    } else if (pathname === "/console/events") {
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
      pages.add(response);
      response.on("close", () => pages.delete(response));
      write(response, snapshot());
    } else if (pathname === "/console/history") {
      answer(response, 200, historyUntil(snapshot().at));
    } else if (pathname === "/console/payload") {
      const text = `all of ${searchParams.get("event")}`;
      answer(response, 200, { text, encoding: "utf8", bytes: text.length, cut: false });
    } else {
      const parts = await request.toArray();
      const command = JSON.parse(Buffer.concat(parts).toString()) as Command;
      commands.push(command);
      answer(response, 200, { ok: true, message: `Done: ${command.command}.` });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/#${TOKEN}`,
    commands,
    send: (message) => {
      for (const page of pages) write(page, message);
    },
    disconnect: (down) => {
      isDown = down;
      for (const page of pages) page.destroy();
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

/** A sample every 30 s of the last hour. */
function historyUntil(end: number): History {
  const at = Array.from({ length: 120 }, (_, i) => end - (120 - i) * 30_000);
  const wave = (mean: number, height: number) => at.map((_, i) => mean + height * Math.sin(i / 9) + (i % 7));
  return {
    at,
    inPerSecond: wave(60, 20),
    storedPerSecond: wave(55, 20),
    processedPerSecond: wave(54, 20),
    lagMs: wave(80, 30),
  };
}
