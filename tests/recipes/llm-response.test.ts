import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type IngestionStack, startIngestionStack } from "../../cli/local/ingestion-stack";
import { readStoredEvents } from "../../cli/local/stored-events";
import { type FakeServer, startServer } from "../fakes/http-server";
import { programFolder } from "../local/evaluate/program-folder";

const ROOT = resolve(__dirname, "../..");
const RECIPE = join(ROOT, "docs/recipes/llm-response");
/** The same token many times: only the arrival distinguishes two of them. */
const CHUNKS = Array.from({ length: 50 }, () => '{"choices":[{"delta":{"content":"very "}}]}');

describe("the recipe llm-response, on the local stack", function () {
  this.timeout(120_000);
  let server: FakeServer;
  let stack: IngestionStack;
  let folder: ReturnType<typeof programFolder>;
  const requests: { readonly method?: string; readonly key?: string; readonly body: string }[] = [];

  before(async () => {
    server = await startServer((request, response, body) => {
      requests.push({ method: request.method, key: request.headers.authorization, body: body.toString() });
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end([...CHUNKS, "[DONE]"].map((data) => `data: ${data}\n\n`).join(""));
    });
    const source = (file: string) =>
      readFileSync(join(RECIPE, file), "utf8")
        .replace('"pulumi-stream-ingestion"', JSON.stringify(join(ROOT, "components/index")))
        .replace('"pulumi-stream-ingestion/processor"', JSON.stringify(join(ROOT, "runtime/processor/index")));
    folder = programFolder({ "index.ts": source("index.ts"), "processor.ts": source("processor.ts") });
    stack = await startIngestionStack({
      program: folder.path,
      stack: "dev",
      config: {},
      secrets: { url: server.url, key: "hush-hush" },
      hopSeconds: 30,
      onReport: () => {},
      onEvent: () => {},
    });
  });
  after(async () => {
    await stack?.close();
    folder?.remove();
    await server?.close();
  });

  it("stores every token of one answer, and completes without a second request", async () => {
    const { api, eventTables } = stack.instances[0]!;
    await api.start("story-1");
    let status: string | undefined;
    while (status !== "completed") {
      status = (await api.list()).find(({ streamId }) => streamId === "story-1")?.status;
      assert.notEqual(status, "failed");
      await new Promise(setImmediate);
    }
    const stored = (await Promise.all(eventTables.map((table) => readStoredEvents(stack.cloud, table)))).flat();
    assert.deepEqual(
      stored.map(({ data }) => data?.toString()),
      CHUNKS,
    );
    assert.equal(requests.length, 1);
    assert.equal(requests[0]!.method, "POST");
    assert.equal(requests[0]!.key, "Bearer hush-hush");
    assert.equal((JSON.parse(requests[0]!.body) as { metadata: { id: string } }).metadata.id, "story-1");
  });
});
