import assert from "node:assert/strict";
import { body, startUpstream, status, type Upstream } from "../fakes/upstream";
import { setUp } from "./harness";

describe("a relay of JSON values on the wire", () => {
  let source: Upstream;
  afterEach(() => source.close());

  const run = async (
    format: "auto" | "json",
    contentType: string,
    bytes: string | Buffer,
    then: "end" | "break" = "end",
  ) => {
    source = await startUpstream(body(contentType, bytes, then), status(204));
    const one = setUp(source, {
      source: { format, resume: { kind: "query", name: "since", pointer: "/id" } },
      events: { maxEventBytes: 40 },
    });
    await one.relay.run();
    const { received, stored, refused } = one.relay.snapshot().counters;
    return { ...one, received, stored, refused, data: one.store.events.map((event) => event.data) };
  };

  it("stores each value as it was written, and resumes from a position inside a value", async () => {
    const { data } = await run("json", "application/json", '[{\n  "id": "7"\n},\n{"id":"8"}');
    assert.deepEqual(data, ['{\n  "id": "7"\n}', '{"id":"8"}']);
    assert.equal(source.requests[1]!.url, "/stream/a%3Ab?since=8");
  });

  it("discards the value that a broken connection cuts", async () => {
    const { data } = await run("json", "application/json", '{"id":1}{"id":2', "break");
    assert.deepEqual(data, ['{"id":1}']);
  });

  it("reads application/json-seq by its content type, and counts and names a malformed value", async () => {
    const { data, received, stored, refused, log } = await run(
      "auto",
      "application/json-seq",
      '\x1e{"id":1]\n\x1e[2]\n',
    );
    assert.deepEqual(data, ["[2]"]);
    assert.deepEqual({ received, stored, refused }, { received: 2, stored: 1, refused: 1 });
    assert.equal(log.lines.find(({ fields }) => fields.code === "EVENT_MALFORMED")?.level, "error");
  });

  it("counts a value over the limit and stores the others", async () => {
    const { data, refused } = await run("json", "application/json", `{"id":1}{"a":"${"x".repeat(50)}"}{"id":2}`);
    assert.deepEqual(data, ['{"id":1}', '{"id":2}']);
    assert.equal(refused, 1);
  });

  it("fails with the setting's name when the body is not JSON", async () => {
    source = await startUpstream(body("text/event-stream", "data: 1\n\n"));
    const { relay } = setUp(source, { source: { format: "json" } });
    const outcome = await relay.run();
    assert.ok(outcome.kind === "failed" && outcome.error.code === "SOURCE_FORMAT");
    assert.match(outcome.error.message, /got "data:"\. Set `source\.format`/);
  });
});
