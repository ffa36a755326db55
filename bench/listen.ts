import http from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";

/** Environment variable with a JSON object `{ key, cert }`: the server uses TLS. */
export const TLS_VARIABLE = "BENCH_TLS";

/** A server on loopback. It sends its URL to the parent process, and ends with it. */
export function listen(listener: http.RequestListener): http.Server {
  const tls = process.env[TLS_VARIABLE];
  const server = tls === undefined ? http.createServer(listener) : https.createServer(JSON.parse(tls), listener);
  const scheme = tls === undefined ? "http" : "https";
  server.listen(0, "127.0.0.1", () =>
    process.send?.(`${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`),
  );
  process.on("disconnect", () => process.exit(0));
  return server;
}
