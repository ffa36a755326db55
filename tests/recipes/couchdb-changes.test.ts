import assert from "node:assert/strict";
import { join } from "node:path";
import { startWriter } from "./event-writer";
import { useRecipe } from "./recipe";
import { startServerProcess } from "./servers";

const CREDENTIAL = "ingestion:pässword";

/** A request to the server. @throws Error when it is refused */
async function couch(url: string, method = "GET", body?: object): Promise<unknown> {
  const authorization = `Basic ${Buffer.from(CREDENTIAL).toString("base64")}`;
  const response = await fetch(url, {
    method,
    headers: { authorization, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${url} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

/** A database that a document is added to again and again. */
async function startPouchDB() {
  const server = await startServerProcess({
    command: process.execPath,
    args: [join(__dirname, "pouchdb-server.cjs")],
    env: { CREDENTIAL },
    ready: /Listening on (\S+)/,
  });
  const database = `${server.url}/orders`;
  await couch(database, "PUT");
  const documents = startWriter(async (n) => {
    await couch(`${database}/order-${n}`, "PUT", { amount: n });
    return `order-${n}`;
  });
  /** Every change of the database, as its feed has it. */
  const changes = async () => {
    const { results } = (await couch(`${database}/_changes?include_docs=true`)) as { results: { id: string }[] };
    return results;
  };
  return { ...server, documents, changes };
}

describe("the recipe couchdb-changes, on the local stack against PouchDB Server", () => {
  const running = useRecipe(
    "couchdb-changes",
    startPouchDB,
    ({ url }) => ({ secrets: { url, key: CREDENTIAL } }),
    "npm",
  );

  it("stores each change once through two handovers, from the first change of the database", async () => {
    const { upstream, recipe } = running;
    await recipe.twoHandovers("overlap");
    await upstream.documents.stop();
    const changes = await upstream.changes();
    assert.deepEqual(
      changes.map(({ id }) => id),
      upstream.documents.written,
    );
    await recipe.isComplete(changes.map((change) => JSON.stringify(change)));
  });
});
