import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { Duplex } from "node:stream";

/** An HTTP proxy that opens tunnels for `user`, as `user:password`, and records what it was requested. */
export async function startConnectProxy(user: string) {
  const tunnels: (string | undefined)[] = [];
  const open = new Set<Duplex>();
  const server = createServer();
  server.on("connect", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    open.add(socket.on("error", () => {}));
    const expected = `Basic ${Buffer.from(user).toString("base64")}`;
    if (request.headers["proxy-authorization"] !== expected)
      return socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
    tunnels.push(request.url);
    const { hostname, port } = new URL(`http://${request.url}`);
    const target = connect(Number(port || 80), hostname, () => {
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      target.write(head);
      target.pipe(socket).pipe(target);
    });
    open.add(target);
    for (const end of [socket, target])
      end.on("error", () => {}).on("close", () => [socket, target].map((one) => one.destroy()));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${user}@127.0.0.1:${port}`,
    /** Host and port of each tunnel. */
    tunnels,
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
