import assert from "node:assert/strict";
import { resolve } from "node:path";
import { buildSync } from "esbuild";

const ROOT = resolve(__dirname, "../..");
/** Bytes that the wrapper may add to a user's bundle. */
const MAX_BYTES = 40_000;

describe("a processor's bundle", () => {
  it(`stays under ${MAX_BYTES} bytes when the user's code imports nothing else`, () => {
    const { outputFiles } = buildSync({
      entryPoints: [resolve(ROOT, "examples/log-events/processor.ts")],
      bundle: true,
      platform: "node",
      target: "node24",
      minify: true,
      write: false,
    });
    const bytes = outputFiles[0]?.contents.length ?? 0;
    assert.ok(bytes > 1_000 && bytes < MAX_BYTES, `got ${bytes} bytes`);
  });

  it("contains no package", () => {
    const { metafile } = buildSync({
      entryPoints: [resolve(ROOT, "runtime/processor/index.ts")],
      bundle: true,
      platform: "node",
      write: false,
      metafile: true,
    });
    const packages = Object.keys(metafile.inputs).filter((path) => path.includes("node_modules"));
    assert.deepEqual(packages, []);
  });
});
