import assert from "node:assert/strict";
import { circlesOf, fileOf, importsIn, sourcesIn } from "./imports";

const ROOTS = ["index.ts", "components", "runtime", "cli", "local", "bench", "tests", "examples"];

describe("import circles", () => {
  it("exist nowhere in the repository", () => {
    const graph = new Map(ROOTS.flatMap(sourcesIn).map((file) => [file, new Set<string>()]));
    for (const { file, of } of ROOTS.flatMap(importsIn)) {
      const target = fileOf(of);
      if (target !== undefined) graph.get(file)?.add(target);
    }
    assert.ok(graph.size > 300, `${graph.size} files: does the test look at the right place?`);
    assert.deepEqual(circlesOf(graph), []);
  });

  it("are found, without the files that lead to them or follow from them", () => {
    const graph = (edges: Record<string, string[]>) =>
      new Map(Object.entries(edges).map(([node, next]) => [node, new Set(next)]));
    assert.deepEqual(circlesOf(graph({ a: ["b"], b: ["c"], c: ["b", "d"], d: [] })), ["b", "c"]);
    assert.deepEqual(circlesOf(graph({ a: ["b", "c"], b: ["d"], c: ["d"], d: [] })), []);
    assert.deepEqual(circlesOf(graph({ a: ["a"] })), ["a"]);
  });
});
