import { startServer } from "./http-server";

/** Grants token-1, token-2, …, each valid for `lifetime` seconds. */
export async function startTokenEndpoint(lifetime = 3_600) {
  const bodies: URLSearchParams[] = [];
  const server = await startServer((_, response, body) => {
    bodies.push(new URLSearchParams(body.toString()));
    response.writeHead(200, { "content-type": "application/json" });
    response.end(
      JSON.stringify({ access_token: `token-${bodies.length}`, token_type: "Bearer", expires_in: lifetime }),
    );
  });
  return { tokenUrl: `${server.url}/token`, requests: server.requests, bodies, close: server.close };
}
