import { once } from "node:events";
import { createServer } from "node:net";

/** Systems give the ports above to sockets that name none: Linux from 32768 on, macOS from 49152 on. */
const [FIRST, LAST] = [20_000, 32_000];

/** A port for a process that cannot choose one itself. No other socket gets it before that process listens. */
export async function freePort(): Promise<number> {
  const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    return freePort();
  }
  server.close();
  await once(server, "close");
  return port;
}
