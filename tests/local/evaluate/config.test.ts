import assert from "node:assert/strict";
import { type ConfigOverrides, mergeConfig } from "../../../local/evaluate/config";

describe("mergeConfig", () => {
  const merge = (stored: Record<string, unknown>, given: Partial<ConfigOverrides> = {}, configSchema = {}) =>
    mergeConfig({ name: "prices", configSchema }, stored, { config: {}, secrets: {}, ...given }, "Pulumi.dev.yaml");

  it("gives keys without a namespace to the project and keeps the others", () => {
    assert.deepEqual(merge({ url: "u", "aws:region": "eu-west-1" }).values, {
      "prices:url": "u",
      "aws:region": "eu-west-1",
    });
  });

  it("prefers the command line over the stack file over the project's defaults", () => {
    const schema = { a: { default: 1 }, b: { type: "string", default: 2 }, c: { default: 3 } };
    const { values } = merge({ "prices:b": "file", c: "file" }, { config: { c: "line" } }, schema);
    assert.deepEqual(values, { "prices:a": "1", "prices:b": "file", "prices:c": "line" });
  });

  it("passes objects as JSON", () => {
    assert.deepEqual(merge({ list: ["a", "b"] }).values, { "prices:list": '["a","b"]' });
  });

  it("marks secrets of the command line and of the schema, and no others", () => {
    const { secretKeys } = merge(
      { key: "plain" },
      { secrets: { token: "t" }, config: { url: "u" } },
      { key: { secret: true } },
    );
    assert.deepEqual(secretKeys, ["prices:key", "prices:token"]);
  });

  it("asks for an encrypted value by the option that gives it", () => {
    assert.throws(() => merge({ "prices:key": { secure: "AAAB" } }), {
      message:
        "Pulumi.dev.yaml holds `key` encrypted, and the local stack cannot open it. " +
        "Give its value for this run: --secret key=VALUE",
    });
  });

  it("takes the given value for an encrypted one and keeps it secret", () => {
    const { values, secretKeys } = merge({ "prices:key": { secure: "AAAB" } }, { config: { key: "k" } });
    assert.deepEqual([values, secretKeys], [{ "prices:key": "k" }, ["prices:key"]]);
  });
});
