import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Plays one recorded body to every connection, in uneven pieces, and then leaves it open as a stream would be. */
export async function replay(
  body: Buffer,
  contentType: string,
): Promise<{ url: string; connections(): number; close(): Promise<void> }> {
  let connections = 0;
  const server = createServer(async (_, response) => {
    connections += 1;
    response.writeHead(200, { "content-type": contentType });
    for (let at = 0, piece = 1; at < body.length && !response.destroyed; at += piece) {
      piece = 1 + ((piece * 7_919) % 8_191);
      response.write(body.subarray(at, at + piece));
      await sleep(5);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => connections,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
