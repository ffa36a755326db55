import { createHash } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { listen } from "./listen";
import { eventText } from "./upstream-text";

/** How often events that are due are sent. */
const TURN_MS = 5;

/**
 * Sends `?events=N&format=lines|sse|json|websocket&bytes=200&chunk=65536` as fast as the reader reads, in a separate
 * process. With `rate=N`, it sends so many events a second, and the response stays open after the last one.
 */
const server = listen((request, response) => {
  const query = new URL(request.url ?? "/", "http://x").searchParams;
  const sse = query.get("format") === "sse";
  response.writeHead(200, { "content-type": sse ? "text/event-stream" : "application/x-ndjson" });
  void sendEvents(query, response);
});

server.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
  const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash("sha1").update(key).digest("base64");
  socket.on("error", () => {}).resume();
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
  );
  void sendEvents(new URL(request.url ?? "/", "http://x").searchParams, socket);
});

async function sendEvents(query: URLSearchParams, out: NodeJS.WritableStream & { readonly destroyed?: boolean }) {
  const events = Number(query.get("events"));
  const chunkBytes = Number(query.get("chunk") ?? 65_536);
  const encode = ENCODINGS[query.get("format") ?? "lines"]!;
  const eventBytes = Number(query.get("bytes") ?? 200);
  const closed = once(out, "close");
  const rate = Number(query.get("rate") ?? 0);
  if (rate > 0) {
    await sendAtRate((i) => encode(eventText(i, eventBytes), i), { events, rate }, out);
    return;
  }
  let text = "";
  for (let i = 0; i < events; i++) {
    text += encode(eventText(i, eventBytes), i);
    if (text.length < chunkBytes && i < events - 1) continue;
    if (!out.write(text, "latin1")) await Promise.race([once(out, "drain"), closed]);
    if (out.destroyed) return;
    text = "";
  }
  if (encode === ENCODINGS.websocket) out.end("\x88\x02\x03\xe8", "latin1");
  else out.end();
}

/** By the clock: after a pause, what is due is sent at once. */
async function sendAtRate(
  textOf: (i: number) => string,
  { events, rate }: { readonly events: number; readonly rate: number },
  out: NodeJS.WritableStream & { readonly destroyed?: boolean },
): Promise<void> {
  const closed = once(out, "close");
  const from = performance.now();
  for (let sent = 0; sent < events && !out.destroyed; ) {
    const due = Math.min(events, Math.ceil(((performance.now() - from) * rate) / 1_000));
    let text = "";
    for (; sent < due; sent++) text += textOf(sent);
    if (text !== "" && !out.write(text, "latin1")) await Promise.race([once(out, "drain"), closed]);
    await new Promise((resolve) => setTimeout(resolve, TURN_MS));
  }
}

/** What is on the wire for an event, one byte a character. */
const ENCODINGS: Readonly<Record<string, (event: string, i: number) => string>> = {
  lines: (event) => `${event}\n`,
  sse: (event, i) => `id: ${i}\ndata: ${event}\n\n`,
  json: (event) => event,
  /** A text frame (RFC 6455, section 5.2) of 126 to 65,535 bytes. */
  websocket: (event) => `\x81\x7e${String.fromCharCode(event.length >> 8, event.length & 0xff)}${event}`,
};
