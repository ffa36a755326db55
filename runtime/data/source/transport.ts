import { httpSource } from "./http";
import type { Source } from "./port";
import { requestPreparer, type SourceDeps } from "./prepare";
import { webSocketSource } from "./websocket";

/** The source of a stream. The URL's protocol chooses the transport: the secret may change between two connections. */
export function sourceOf(deps: SourceDeps): Source {
  const preparer = requestPreparer(deps);
  const http = httpSource(deps, preparer);
  const webSocket = webSocketSource(deps, preparer);
  return {
    open: (request) => (/^wss?:/i.test(request.secret.url) ? webSocket : http).open(request),
    discardCredential: preparer.discardCredential,
    close: preparer.close,
  };
}
