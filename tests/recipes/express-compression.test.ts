import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { postTo, startWriter } from "./event-writer";
import { useRecipe } from "./recipe";
import { INSTALLED, startServerProcess } from "./servers";

const SERVER = resolve(__dirname, "../../docs/recipes/express-compression/server.js");
const KEY = "application-key";
const FLUSH = "    response.flush();\n";

/** The server, whose responses report their encoding, and a client that adds events to it. */
async function startServer(flush: boolean) {
  const folder = mkdtempSync(join(tmpdir(), "stream-ingestion-"));
  const code = readFileSync(SERVER, "utf8");
  assert.ok(code.includes(FLUSH));
  const report = '    console.log("Encoding", response.get("content-encoding"));\n';
  writeFileSync(join(folder, "server.js"), code.replace(FLUSH, (flush ? FLUSH : "") + report));
  const server = await startServerProcess({
    command: process.execPath,
    args: [join(folder, "server.js")],
    env: { KEY, PORT: "0", NODE_PATH: INSTALLED.npm },
    ready: /Listening on (\S+)/,
  });
  const post = postTo(`${server.url}/streams/orders`, KEY);
  const orders = startWriter((n) => post(JSON.stringify({ order: n })));
  const close = async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  };
  return { ...server, orders, close };
}

const CASES = [
  { title: "compressed", compression: true, flush: true, encoding: "br" },
  {
    title: "uncompressed, from a server that does not flush",
    compression: false,
    flush: false,
    encoding: "undefined",
  },
];

for (const { title, compression, flush, encoding } of CASES)
  describe(`the recipe express-compression, on the local stack against its server: ${title}`, () => {
    const running = useRecipe(
      "express-compression",
      () => startServer(flush),
      ({ url }) => ({ config: { compression: String(compression) }, secrets: { url, key: KEY } }),
      "npm",
    );

    it("stores each event once through two handovers", async () => {
      const { upstream, recipe } = running;
      await recipe.twoHandovers("overlap");
      await upstream.orders.stop();
      await recipe.isComplete(upstream.orders.written);
      const encodings = upstream.output.filter((line) => line.startsWith("Encoding "));
      assert.deepEqual([...new Set(encodings)], [`Encoding ${encoding}`]);
    });
  });
