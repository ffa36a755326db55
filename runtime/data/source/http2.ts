import type { ClientHttp2Stream } from "node:http2";
import { pipeline, type Readable, Transform } from "node:stream";
import { publicLookup } from "./public-lookup";
import type { Send, Tls } from "./send";

/** Headers of HTTP/1.1 that HTTP/2 forbids (RFC 9113, section 8.2.2). */
const FORBIDDEN = ["connection", "keep-alive", "transfer-encoding", "upgrade", "host"];

/**
 * Sends over HTTP/2 with Node's own client, one session for each request. The module takes 4 MB when it is loaded, so it is
 * loaded only for a source with `source.http2`.
 */
export function sendHttp2(tls?: Tls): Send {
  const { connect } = process.getBuiltinModule("node:http2");
  return ({ url, method, headers, body, signal, publicOnly, onSent = () => {} }) =>
    new Promise((resolve, reject) => {
      const session = connect(url.origin, { ...tls, ...(publicOnly && { lookup: publicLookup }) });
      const abort = () => session.destroy(signal.reason as Error);
      signal.addEventListener("abort", abort, { once: true });
      session.on("error", reject);
      session.on("close", () => {
        signal.removeEventListener("abort", abort);
        reject(new Error("The server closed the HTTP/2 session without a response"));
      });
      const allowed = Object.entries(headers).filter(([name]) => !FORBIDDEN.includes(name.toLowerCase()));
      const stream = session.request({
        ...Object.fromEntries(allowed),
        ":method": method,
        ":path": url.pathname + url.search,
      });
      stream.on("error", reject).on("ready", onSent);
      // Nothing else uses the session.
      stream.on("close", () => session.destroy());
      stream.on("response", ({ ":status": statusCode = 0, ...received }) =>
        resolve({
          statusCode,
          headers: received as Record<string, string | string[] | undefined>,
          body: complete(stream),
          framed: true,
        }),
      );
      stream.end(body);
      if (signal.aborted) abort();
    });
}

/** The body, which fails where the stream was reset or its session lost: Node ends it as if it were complete. */
function complete(stream: ClientHttp2Stream): Readable {
  const checked = new Transform({
    transform: (chunk, _, done) => done(null, chunk),
    flush: (done) =>
      done(stream.rstCode === 0 ? null : new Error(`The HTTP/2 stream ended with code ${stream.rstCode}`)),
  });
  // The stream itself reports the error to its reader.
  return pipeline(stream, checked, () => {});
}
