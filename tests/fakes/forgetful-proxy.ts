import { connect, createServer, type Socket } from "node:net";
import { listen } from "./http-server";

/** A TCP proxy in front of a server, like a NAT gateway: it can forget its connections, and then answers them nothing. */
export interface ForgetfulProxy {
  readonly url: string;
  /** Connections so far. */
  readonly connections: number;
  /** Drops all further bytes of the connections that are open, and closes none. */
  forget(): void;
  close(): Promise<void>;
}

export async function forgetfulProxy(target: string): Promise<ForgetfulProxy> {
  const { hostname, port } = new URL(target);
  const open = new Set<Socket>();
  let connections = 0;
  const server = createServer((client) => {
    connections++;
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("error", () => {}).on("close", () => open.delete(socket));
    }
    client.pipe(upstream).pipe(client);
  });
  const { url } = await listen(server as never);
  return {
    url,
    get connections() {
      return connections;
    },
    forget: () => {
      for (const socket of open) socket.unpipe().resume();
    },
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
