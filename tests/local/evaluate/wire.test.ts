import assert from "node:assert/strict";
import * as rpc from "@pulumi/pulumi/runtime/rpc";
import { type AssetReader, fromWire, toWire } from "../../../local/evaluate/wire";
import { UNKNOWN } from "../../../local/resources/resource-handler";

const noAssets: AssetReader = {
  asset: () => assert.fail("no asset expected"),
  archive: () => assert.fail("no archive expected"),
};
const secret = (value: unknown) => ({ [rpc.specialSigKey]: rpc.specialSecretSig, value });

describe("wire", () => {
  it("unwraps secrets at any depth and names their properties", () => {
    const { values, secrets } = fromWire({ plain: 1, top: secret("a"), deep: [{ inner: secret({ x: 1 }) }] }, noAssets);
    assert.deepEqual(values, { plain: 1, top: "a", deep: [{ inner: { x: 1 } }] });
    assert.deepEqual(secrets, ["top", "deep"]);
  });

  it("names the properties with an unknown value", () => {
    const { values, unknowns } = fromWire({ a: rpc.unknownValue, b: [rpc.unknownValue], c: 1 }, noAssets);
    assert.deepEqual(values, { a: UNKNOWN, b: [UNKNOWN], c: 1 });
    assert.deepEqual(unknowns, ["a", "b"]);
  });

  it("reads an output value", () => {
    const output = (fields: object) => ({ [rpc.specialSigKey]: rpc.specialOutputValueSig, ...fields });
    const { values, secrets, unknowns } = fromWire({ a: output({ value: 0, secret: true }), b: output({}) }, noAssets);
    assert.deepEqual([values.a, secrets, unknowns], [0, ["a"], ["b"]]);
  });

  it("reads a resource reference as the resource's id, a component's as its URN", () => {
    const reference = (fields: object) => ({ [rpc.specialSigKey]: rpc.specialResourceSig, ...fields });
    const { values } = fromWire(
      { custom: reference({ urn: "u", id: "i" }), component: reference({ urn: "u" }) },
      noAssets,
    );
    assert.deepEqual(values, { custom: "i", component: "u" });
  });

  it("is read by the SDK without changes", () => {
    const written = toWire({ values: { a: "x", b: [1, null], gone: undefined }, secrets: ["a"] });
    assert.deepEqual(written, { a: secret("x"), b: [1, null] });
    assert.ok(rpc.isRpcSecret(written.a));
  });

  it("rejects an unknown signature", () => {
    assert.throws(() => fromWire({ a: { [rpc.specialSigKey]: "later" } }, noAssets), /Unknown signature later/);
  });
});
