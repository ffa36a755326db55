import assert from "node:assert/strict";
import { join } from "node:path";
import { type EventWriter, startWriter } from "./event-writer";
import { type RunningRecipe, runRecipe } from "./recipe";
import { requireInstalled, type ServerProcess, startServerProcess } from "./servers";

const CREDENTIAL = "ingestion:pässword";

describe("the recipe couchdb-changes, on the local stack against PouchDB Server", function () {
  this.timeout(120_000);
  let server: ServerProcess;
  let documents: EventWriter;
  let recipe: RunningRecipe;

  /** A request to the server. @throws Error when it is refused */
  async function couch(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(server.url + path, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(CREDENTIAL).toString("base64")}`,
        "content-type": "application/json",
      },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
    return response.json();
  }

  before(async function () {
    requireInstalled.call(this, "npm");
    server = await startServerProcess({
      command: process.execPath,
      args: [join(__dirname, "pouchdb-server.cjs")],
      env: { CREDENTIAL },
      ready: /Listening on (\S+)/,
    });
    await couch("PUT", "/orders");
    documents = startWriter(async (n) => {
      await couch("PUT", `/orders/order-${n}`, { amount: n });
      return `order-${n}`;
    });
    recipe = await runRecipe("couchdb-changes", { secrets: { url: server.url, key: CREDENTIAL } });
  });
  after(async () => {
    await recipe?.close();
    await server?.close();
  });

  it("stores each change once through two handovers, from the first change of the database", async () => {
    await recipe.twoHandovers("overlap");
    await documents.stop();
    const { results } = (await couch("GET", "/orders/_changes?include_docs=true")) as { results: { id: string }[] };
    assert.deepEqual(
      results.map(({ id }) => id),
      documents.written,
    );
    await recipe.isComplete(results.map((change) => JSON.stringify(change)));
  });
});
