import { Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";

/**
 * HTTP requests to one origin with Node's own client, which adds nothing to a bundle. Sockets are kept until {@link Transport.close}.
 * Call it at the end of each invocation: while the environment is frozen, the peer or a NAT gateway can forget a connection, and the
 * next request on its socket gets no answer. It is not repeated here, because the peer may have carried it out.
 */
export interface Transport {
  /** Rejects when there is no complete response. */
  send(request: TransportRequest): Promise<TransportResponse>;
  /** Destroys the sockets. A later request opens new ones. */
  close(): void;
}

export interface TransportRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  readonly signal: AbortSignal;
  /** A part of the response arrived. */
  readonly onData?: () => void;
}

export interface TransportResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export function transportTo({ protocol, hostname, port }: URL): Transport {
  const secure = protocol === "https:";
  const agent = secure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const open = secure ? httpsRequest : httpRequest;
  return {
    send: ({ body, onData, ...options }) =>
      new Promise((resolve, reject) => {
        const request = open({ agent, hostname, port, ...options }, (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => {
            chunks.push(chunk);
            onData?.();
          });
          response.on("error", reject);
          response.on("end", () => {
            const { statusCode = 0, headers } = response;
            resolve({ status: statusCode, headers, body: Buffer.concat(chunks) });
          });
        });
        request.on("error", reject);
        request.end(body);
      }),
    close: () => agent.destroy(),
  };
}
