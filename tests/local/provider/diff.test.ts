import assert from "node:assert/strict";
import { diffInputs } from "../../../local/provider/diff";
import type { ResourceSchema } from "../../../local/resources/resource-handler";

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const secret = (value: unknown) => ({ [SIGNATURE]: "1b47061264138c4ac30d75fd1eb44270", value });
const archive = (hash: string, path = "dist") => ({
  [SIGNATURE]: "0def7320c3a5731c473e5ecbe6d01bc7",
  hash,
  path,
});
const UNKNOWN_ON_WIRE = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const handler: ResourceSchema = {
  inputs: ["name", "tags", "code", "hashKey"],
  replaceOn: ["hashKey"],
};
const diff = (before: Record<string, unknown>, after: Record<string, unknown>) => diffInputs(handler, before, after);

describe("diffInputs", () => {
  it("finds no change in equal inputs in another order", () => {
    const before = { name: "a", tags: { x: "1", y: "2" } };
    assert.deepEqual(diff(before, { tags: { y: "2", x: "1" }, name: "a" }), { changed: [], replaces: [] });
  });

  it("lists added, changed and removed inputs", () => {
    const { changed } = diff({ name: "a", tags: { x: "1" } }, { name: "b", code: archive("1") });
    assert.deepEqual([...changed].sort(), ["code", "name", "tags"]);
  });

  it("requires a replacement only for inputs that need one", () => {
    assert.deepEqual(diff({ hashKey: "a", name: "a" }, { hashKey: "b", name: "b" }).replaces, ["hashKey"]);
    assert.deepEqual(diff({ hashKey: "a", name: "a" }, { hashKey: "a", name: "b" }).replaces, []);
  });

  it("ignores unknown inputs", () => {
    assert.deepEqual(diff({ region: "eu-west-1" }, { region: "us-east-1" }).changed, []);
  });

  it("compares archives by the hash of their content", () => {
    assert.deepEqual(diff({ code: archive("1", "here") }, { code: archive("1", "there") }).changed, []);
    assert.deepEqual(diff({ code: archive("1") }, { code: archive("2") }).changed, ["code"]);
  });

  it("compares a secret by its value", () => {
    assert.deepEqual(diff({ name: "a" }, { name: secret("a") }).changed, []);
    assert.deepEqual(diff({ name: secret("a") }, { name: secret("b") }).changed, ["name"]);
  });

  it("treats an unknown value as a change, at any depth", () => {
    assert.deepEqual(diff({ hashKey: "a" }, { hashKey: UNKNOWN_ON_WIRE }).replaces, ["hashKey"]);
    assert.deepEqual(diff({ tags: { x: "1" } }, { tags: { x: UNKNOWN_ON_WIRE } }).changed, ["tags"]);
  });
});
