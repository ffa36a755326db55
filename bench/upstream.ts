import { once } from "node:events";
import http from "node:http";
import { eventText } from "./upstream-text";

/** Sends `?events=N&format=lines|sse&bytes=200&chunk=65536` as fast as the reader reads, in a separate process. */
const server = http.createServer(async (request, response) => {
  const query = new URL(request.url ?? "/", "http://x").searchParams;
  const events = Number(query.get("events"));
  const sse = query.get("format") === "sse";
  const chunkBytes = Number(query.get("chunk") ?? 65_536);
  const eventBytes = Number(query.get("bytes") ?? 200);
  response.writeHead(200, { "content-type": sse ? "text/event-stream" : "application/x-ndjson" });
  const closed = once(response, "close");
  let text = "";
  for (let i = 0; i < events; i++) {
    text += sse ? `id: ${i}\ndata: ${eventText(i, eventBytes)}\n\n` : `${eventText(i, eventBytes)}\n`;
    if (text.length < chunkBytes && i < events - 1) continue;
    if (!response.write(text, "latin1")) await Promise.race([once(response, "drain"), closed]);
    if (response.destroyed) return;
    text = "";
  }
  response.end();
});
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as import("node:net").AddressInfo).port));
process.on("disconnect", () => process.exit(0));
