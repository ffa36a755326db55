import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AwsRequest, AwsResponse } from "./protocol";

/** Only uploads to S3 can be this large. */
const MAX_BODY_BYTES = 256 * 1024 * 1024;

/** Reads a request. `undefined`: the body is larger than {@link MAX_BODY_BYTES}. */
export async function readRequest(incoming: IncomingMessage): Promise<AwsRequest | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    size += (chunk as Buffer).length;
    if (size > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk as Buffer);
  }
  const [path = "/", query = ""] = split(incoming.url ?? "/");
  return {
    method: incoming.method ?? "GET",
    path,
    // In AWS's encoding a plus sign is not a space.
    query: new URLSearchParams(query.replaceAll("+", "%2B")),
    headers: Object.fromEntries(
      Object.entries(incoming.headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join(",") : (value ?? ""),
      ]),
    ),
    body: Buffer.concat(chunks),
    sourceIp: incoming.socket.remoteAddress ?? "",
  };
}

function split(url: string): [string, string] {
  const mark = url.indexOf("?");
  return mark === -1 ? [url, ""] : [url.slice(0, mark), url.slice(mark + 1)];
}

/** Sends a response, unless the caller has disconnected. */
export function sendResponse(response: ServerResponse, { status, headers = {}, body }: AwsResponse): void {
  if (response.destroyed) return;
  response.writeHead(status, {
    "x-amzn-requestid": randomUUID(),
    "content-length": Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}
