import { listen } from "./listen";

/**
 * A fake DynamoDB that accepts every write after a fixed time, in a separate process, so that only the sender is measured.
 * It counts the items in the requests, so that a bench can check its result. `GET /` returns the count and resets it.
 */
const latencyMs = Number(process.argv[2] ?? 0);
const PUT = Buffer.from('"PutRequest"');
let items = 0;

const server = listen((request, response) => {
  if (request.method === "GET") {
    response.end(String(items));
    items = 0;
    return;
  }
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", () => {
    const body = Buffer.concat(parts);
    const batch = request.headers["x-amz-target"]?.includes("BatchWriteItem");
    items += batch ? occurrences(body) : 1;
    const text = batch ? '{"UnprocessedItems":{}}' : "{}";
    const answer = () =>
      response
        .writeHead(200, { "content-type": "application/x-amz-json-1.0", "content-length": text.length })
        .end(text);
    if (latencyMs > 0) setTimeout(answer, latencyMs);
    else answer();
  });
});
server.keepAliveTimeout = 60_000;

function occurrences(body: Buffer): number {
  let count = 0;
  for (let at = body.indexOf(PUT); at !== -1; at = body.indexOf(PUT, at + PUT.length)) count++;
  return count;
}
