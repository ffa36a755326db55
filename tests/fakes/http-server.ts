import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Answers one request, whose body is read. */
export type Respond = (request: IncomingMessage, response: ServerResponse, body: Buffer) => unknown;

export interface FakeServer {
  readonly url: string;
  readonly port: number;
  /** Every request so far, answered or not. */
  readonly requests: readonly IncomingMessage[];
  close(): Promise<void>;
}

/** An HTTP server on a free port of the loopback interface. */
export async function startServer(respond: Respond): Promise<FakeServer> {
  const requests: IncomingMessage[] = [];
  const server = createServer(async (request, response) => {
    requests.push(request);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    respond(request, response, Buffer.concat(chunks));
  });
  return { ...(await listen(server)), requests };
}

/** Any server on a free port of the loopback interface. */
export async function listen(server: Server): Promise<Omit<FakeServer, "requests">> {
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
