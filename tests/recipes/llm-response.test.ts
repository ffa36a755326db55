import assert from "node:assert/strict";
import { type FakeServer, startServer } from "../fakes/http-server";
import { eventually } from "../local/event-log";
import { type RunningRecipe, runRecipe } from "./recipe";

/** The same token many times: only the arrival distinguishes two of them. */
const CHUNKS = Array.from({ length: 50 }, () => '{"choices":[{"delta":{"content":"very "}}]}');

describe("the recipe llm-response, on the local stack", function () {
  this.timeout(120_000);
  let server: FakeServer;
  let recipe: RunningRecipe;
  const requests: { readonly method?: string; readonly key?: string; readonly body: string }[] = [];

  before(async () => {
    server = await startServer((request, response, body) => {
      requests.push({ method: request.method, key: request.headers.authorization, body: body.toString() });
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end([...CHUNKS, "[DONE]"].map((data) => `data: ${data}\n\n`).join(""));
    });
    recipe = await runRecipe("llm-response", { secrets: { url: server.url, key: "hush-hush" }, hopSeconds: 30 });
  });
  after(async () => {
    await recipe?.close();
    await server?.close();
  });

  it("stores every token of one answer, and completes without a second request", async () => {
    await recipe.api.start("story-1");
    await eventually("the stream to complete", async () => {
      const status = (await recipe.api.list()).find(({ streamId }) => streamId === "story-1")?.status;
      assert.notEqual(status, "failed");
      return status === "completed" || undefined;
    });
    assert.deepEqual(
      (await recipe.stored()).map(({ data }) => data?.toString()),
      CHUNKS,
    );
    assert.equal(requests.length, 1);
    assert.equal(requests[0]!.method, "POST");
    assert.equal(requests[0]!.key, "Bearer hush-hush");
    assert.equal((JSON.parse(requests[0]!.body) as { metadata: { id: string } }).metadata.id, "story-1");
  });
});
