import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type EventWriter, postTo, startWriter } from "./event-writer";
import { type RunningRecipe, runRecipe } from "./recipe";
import { INSTALLED, requireInstalled, type ServerProcess, startServerProcess } from "./servers";

const SERVER = resolve(__dirname, "../../docs/recipes/express-compression/server.js");
const KEY = "application-key";
const FLUSH = "    response.flush();\n";

interface Case {
  readonly title: string;
  readonly compression: boolean;
  /** Whether the server flushes each event, as the recipe says. */
  readonly flush: boolean;
}

const CASES: readonly Case[] = [
  { title: "compressed", compression: true, flush: true },
  { title: "uncompressed, from a server that does not flush", compression: false, flush: false },
];

describe("the recipe express-compression, on the local stack against its server", function () {
  this.timeout(120_000);
  let folder: string;
  let server: ServerProcess;
  let orders: EventWriter;
  let recipe: RunningRecipe;

  before(function () {
    requireInstalled.call(this, "npm");
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "stream-ingestion-"));
  });
  afterEach(async () => {
    await recipe?.close();
    await server?.close();
    rmSync(folder, { recursive: true });
  });

  async function start(compression: boolean, flush: boolean): Promise<void> {
    const code = readFileSync(SERVER, "utf8");
    assert.ok(code.includes(FLUSH));
    const report = '    console.log("Encoding", response.get("content-encoding"));\n';
    writeFileSync(join(folder, "server.js"), code.replace(FLUSH, (flush ? FLUSH : "") + report));
    server = await startServerProcess({
      command: process.execPath,
      args: [join(folder, "server.js")],
      env: { KEY, PORT: "0", NODE_PATH: INSTALLED.npm },
      ready: /Listening on (\S+)/,
    });
    const post = postTo(`${server.url}/streams/orders`, KEY);
    orders = startWriter((n) => post(JSON.stringify({ order: n })));
    recipe = await runRecipe("express-compression", {
      config: { compression: String(compression) },
      secrets: { url: server.url, key: KEY },
    });
  }

  for (const { title, compression, flush } of CASES)
    it(`stores each event once through two handovers: ${title}`, async () => {
      await start(compression, flush);
      await recipe.twoHandovers("overlap");
      await orders.stop();
      await recipe.isComplete(orders.written);
      const encodings = server.output.filter((line) => line.startsWith("Encoding "));
      assert.deepEqual([...new Set(encodings)], [compression ? "Encoding br" : "Encoding undefined"]);
    });
});
