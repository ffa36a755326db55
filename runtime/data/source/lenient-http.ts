import http from "node:http";
import https from "node:https";
import type { SourceSecret } from "../../contract";
import { isFramed } from "./body";
import { publicLookup } from "./public-lookup";
import type { Send } from "./send";
import { openTunnel } from "./tunnel";

/**
 * Sends with Node's own client and a parser that accepts what the standard lets a client accept. Each request has a connection
 * to itself, so that a wrong length cannot affect another response.
 */
export function sendLenient({ tls, proxy }: Pick<SourceSecret, "tls" | "proxy">): Send {
  return async ({ url, method, headers, body, signal, publicOnly, onSent = () => {} }) => {
    const tunnel = proxy === undefined ? undefined : await openTunnel(proxy, url, tls, signal);
    return new Promise((resolve, reject) => {
      const client = url.protocol === "https:" ? https : http;
      const lookup = publicOnly ? publicLookup : undefined;
      const options = {
        ...{ method, headers, signal, lookup, ...tls },
        ...{ agent: false as const, insecureHTTPParser: true },
        ...(tunnel && { createConnection: () => tunnel }),
      };
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
  };
}
