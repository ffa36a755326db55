import assert from "node:assert/strict";
import { startServer } from "../fakes/http-server";
import { eventually } from "../local/event-log";
import { useRecipe } from "./recipe";

/** The same token many times: only the arrival distinguishes two of them. */
const CHUNKS = Array.from({ length: 50 }, () => '{"choices":[{"delta":{"content":"very "}}]}');

/** Answers each request with the same tokens. */
async function startModel() {
  const answered: { readonly method?: string; readonly key?: string; readonly body: string }[] = [];
  const server = await startServer((request, response, body) => {
    answered.push({ method: request.method, key: request.headers.authorization, body: body.toString() });
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end([...CHUNKS, "[DONE]"].map((data) => `data: ${data}\n\n`).join(""));
  });
  return { ...server, answered };
}

describe("the recipe llm-response, on the local stack", () => {
  const running = useRecipe("llm-response", startModel, ({ url }) => ({
    secrets: { url, key: "hush-hush" },
    hopSeconds: 30,
  }));

  it("stores every token of one answer, and completes without a second request", async () => {
    const { upstream, recipe } = running;
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
    const [request] = upstream.answered;
    assert.equal(upstream.answered.length, 1);
    assert.equal(request!.method, "POST");
    assert.equal(request!.key, "Bearer hush-hush");
    assert.equal((JSON.parse(request!.body) as { metadata: { id: string } }).metadata.id, "story-1");
  });
});
