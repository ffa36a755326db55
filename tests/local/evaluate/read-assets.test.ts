import assert from "node:assert/strict";
import { archiveOf, assetReader } from "../../../local/evaluate/read-assets";
import { programFolder } from "./program-folder";

describe("assetReader", () => {
  const folder = programFolder({ "code/index.js": "one", "code/lib/a.js": "two", "code.zip": "PK" });
  after(() => folder.remove());
  const read = (archive: Record<string, unknown>) => assetReader(folder.path).archive(archive);
  const names = (archive: { files: ReadonlyMap<string, Buffer> }) => [...archive.files.keys()].sort();

  it("reads a folder recursively", () => {
    assert.deepEqual(names(read({ path: "code" })), ["index.js", "lib/a.js"]);
  });

  it("reads an AssetArchive of texts, files and folders", () => {
    const assets = { "a.js": { text: "one" }, "b.js": { path: "code/index.js" }, sub: { path: "code" } };
    const archive = read({ assets });
    assert.deepEqual(names(archive), ["a.js", "b.js", "sub/index.js", "sub/lib/a.js"]);
    assert.equal(archive.files.get("b.js")?.toString(), "one");
  });

  it("hashes only names and bytes, in any order", () => {
    const [a, b] = [Buffer.from("a"), Buffer.from("b")];
    const hash = archiveOf(
      new Map([
        ["x", a],
        ["y", b],
      ]),
    ).hash;
    assert.equal(
      archiveOf(
        new Map([
          ["y", b],
          ["x", a],
        ]),
      ).hash,
      hash,
    );
    assert.notEqual(
      archiveOf(
        new Map([
          ["x", b],
          ["y", a],
        ]),
      ).hash,
      hash,
    );
    assert.notEqual(
      archiveOf(
        new Map([
          ["xa", Buffer.from("")],
          ["y", b],
        ]),
      ).hash,
      hash,
    );
  });

  it("rejects zip files and addresses", () => {
    assert.throws(() => read({ path: "code.zip" }), /got the file code\.zip: the local stack reads neither zip files/);
    assert.throws(() => read({ uri: "https://example.com/a.zip" }), /got the address https:\/\/example\.com\/a\.zip/);
  });
});
