import http from "node:http";
import https from "node:https";
import { isFramed } from "./body";
import { publicLookup } from "./public-lookup";
import type { Send, Tls } from "./send";

/**
 * Sends with Node's own client and a parser that accepts what the standard lets a client accept. Each request has a connection
 * to itself, so that a wrong length cannot affect another response.
 */
export function sendLenient(tls?: Tls): Send {
  return ({ url, method, headers, body, signal, publicOnly, onSent = () => {} }) =>
    new Promise((resolve, reject) => {
      const client = url.protocol === "https:" ? https : http;
      const lookup = publicOnly ? publicLookup : undefined;
      const options = { method, headers, signal, agent: false as const, insecureHTTPParser: true, lookup, ...tls };
      client
        .request(url, options, (response) =>
          resolve({
            statusCode: response.statusCode!,
            headers: response.headers,
            body: response,
            framed: isFramed(response.headers),
          }),
        )
        .on("finish", onSent)
        .on("error", (error) => reject(signal.aborted ? signal.reason : error))
        .end(body);
    });
}
