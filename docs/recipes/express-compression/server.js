/** Streams of events: GET sends them, from Last-Event-ID on, and POST adds one. */
const compression = require("compression");
const express = require("express");

const app = express();
const streams = new Map();

function streamOf(name) {
  if (!streams.has(name)) streams.set(name, { events: [], listeners: new Set() });
  return streams.get(name);
}

app.use((request, response, next) => {
  if (request.get("authorization") === `Bearer ${process.env.KEY}`) next();
  else response.sendStatus(401);
});
// It compresses where the client accepts a compressed response.
app.use(compression());

app.post("/streams/:name", express.text({ type: "*/*" }), (request, response) => {
  const { events, listeners } = streamOf(request.params.name);
  events.push(request.body);
  for (const send of listeners) send();
  response.sendStatus(204);
});

app.get("/streams/:name", (request, response) => {
  const { events, listeners } = streamOf(request.params.name);
  let last = Number(request.get("last-event-id") ?? 0);
  const send = () => {
    while (last < events.length) response.write(`id: ${++last}\ndata: ${events[last - 1]}\n\n`);
    // Without it, the compression keeps events until its buffer is full.
    response.flush();
  };
  response.type("text/event-stream");
  response.flushHeaders();
  send();
  listeners.add(send);
  response.on("close", () => listeners.delete(send));
});

const server = app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  console.log(`Listening on http://127.0.0.1:${server.address().port}`);
});
