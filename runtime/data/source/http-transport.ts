import type { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import type { SourceSecret } from "../../contract";
import { Agent, ProxyAgent, proxyClient, request } from "../http-client";
import { type Headers, header, isFramed } from "./body";
import { sendHttp2 } from "./http2";
import { sendLenient } from "./lenient-http";
import { publicLookup } from "./public-lookup";
import type { Send } from "./send";

/** How requests to the source and to its token endpoint are sent. */
export interface Transport {
  readonly send: Send;
  /** Closes all connections. */
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 10_000;

export function httpTransport({ tls, proxy }: Pick<SourceSecret, "tls" | "proxy">, http2: boolean): Transport {
  if (http2) return { send: sendHttp2(tls), close: async () => {} };
  const connect = { timeout: CONNECT_TIMEOUT_MS, ...tls };
  if (proxy) {
    const options = { clientFactory: proxyClient, requestTls: connect, proxyTls: connect, allowH2: false };
    const agent = new ProxyAgent({ uri: proxy, ...options });
    return { send: sendWith(agent, { tls, proxy }), close: () => agent.destroy() };
  }
  const agent = new Agent({ allowH2: false, connect });
  const publicAgent = new Agent({ allowH2: false, connect: { ...connect, lookup: publicLookup } });
  return {
    send: sendWith(agent, { tls, publicAgent }),
    close: async () => void (await Promise.all([agent.destroy(), publicAgent.destroy()])),
  };
}

/**
 * Sends with undici. It rejects a chunked response that also has a Content-Length, whose length must be ignored (RFC 9112,
 * section 6.3). Such a response, and one that its parser rejects, is requested again with a parser that accepts more,
 * which the origin's later requests use at once.
 */
export function sendWith(
  agent: Dispatcher,
  { publicAgent = agent, ...secret }: Pick<SourceSecret, "tls" | "proxy"> & { readonly publicAgent?: Dispatcher } = {},
): Send {
  const strict = strictSend(agent, publicAgent);
  const lenient = sendLenient(secret);
  const lenientOrigins = new Set<string>();
  return async (sent) => {
    if (lenientOrigins.has(sent.url.origin)) return lenient(sent);
    try {
      const response = await strict(sent);
      if (!hasBothLengths(response.headers)) return response;
      discard(response.body);
    } catch (error) {
      const { code } = error as { code?: string };
      if (code !== "UND_ERR_RES_CONTENT_LENGTH_MISMATCH" && !code?.startsWith("HPE_")) throw error;
    }
    lenientOrigins.add(sent.url.origin);
    return lenient(sent);
  };
}

function strictSend(agent: Dispatcher, publicAgent: Dispatcher): Send {
  return async ({ url, method, headers, body, signal, publicOnly, onSent }) => {
    const response = await request(notifying(publicOnly ? publicAgent : agent, onSent), {
      origin: url.origin,
      path: url.pathname + url.search,
      method: method as Dispatcher.HttpMethod,
      headers,
      body,
      // The relay has its own idle timer for head and body, which excludes the time in which the relay itself does not read.
      headersTimeout: 0,
      bodyTimeout: 0,
      signal,
    });
    return { ...response, framed: isFramed(response.headers) };
  };
}

/** A dispatcher that calls `onSent` when a connected socket takes the request. */
function notifying(dispatcher: Dispatcher, onSent: () => void = () => {}): Pick<Dispatcher, "dispatch"> {
  return {
    dispatch(options, handler) {
      const start = handler.onRequestStart;
      handler.onRequestStart = function (...parameters) {
        onSent();
        return start?.apply(this, parameters);
      };
      return dispatcher.dispatch(options, handler);
    },
  };
}

function hasBothLengths(headers: Headers): boolean {
  return header(headers, "transfer-encoding") !== "" && header(headers, "content-length") !== "";
}

/** Destroys an unread body and ignores its error. */
export function discard(body: Readable): void {
  body.on("error", () => {});
  body.destroy();
}
