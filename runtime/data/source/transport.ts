import { type HttpSourceDeps, httpSource } from "./http";
import type { Source } from "./port";
import { webSocketSource } from "./websocket";

/** The source of a stream. The URL's protocol chooses the transport: the secret may change between two connections. */
export function sourceOf(deps: HttpSourceDeps): Source {
  const http = httpSource(deps);
  const webSocket = webSocketSource(deps);
  return {
    open: (request) => (/^wss?:/i.test(request.secret.url) ? webSocket : http).open(request),
    discardCredential: () => http.discardCredential(),
    close: () => http.close(),
  };
}
