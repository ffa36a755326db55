import assert from "node:assert/strict";
import type { IngestionStack } from "../../../cli/local/ingestion-stack";
import { declaredStreams } from "../../../cli/local/never-ran";

const stackOf = (...streams: string[]) =>
  ({ instances: [{ name: "prices", declaredStreams: streams }] }) as unknown as IngestionStack;
const hops = (streamId: string, generation: number) => ({ instance: "prices", streamId, generation });

describe("the declared streams that never ran", () => {
  const neverRan = declaredStreams(stackOf("a", "b"));

  it("are those that no hop owned, or that are not listed", () => {
    assert.deepEqual(neverRan(stackOf("a", "b"), [hops("a", 0)], 5_000), ["prices/a", "prices/b"]);
    assert.deepEqual(neverRan(stackOf("a", "b"), [hops("a", 1), hops("b", 0)], 5_000), ["prices/b"]);
  });

  it("are none in a short run", () => {
    assert.deepEqual(neverRan(stackOf("a", "b"), [], 4_999), []);
  });

  it("do not include a stream that an edit declared, which the watchdog starts later, or removed", () => {
    assert.deepEqual(neverRan(stackOf("b", "c"), [hops("b", 1)], 60_000), []);
  });
});
