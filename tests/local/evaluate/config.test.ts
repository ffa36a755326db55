import assert from "node:assert/strict";
import { type ConfigOverrides, mergeConfig } from "../../../local/evaluate/config";

describe("mergeConfig", () => {
  const merge = (stored: Record<string, unknown>, overrides: Partial<ConfigOverrides> = {}, configSchema = {}) =>
    mergeConfig({ name: "prices", configSchema }, stored, { config: {}, secrets: {}, ...overrides }, "Pulumi.dev.yaml");

  it("adds the project's namespace to keys without one", () => {
    assert.deepEqual(merge({ url: "u", "aws:region": "eu-west-1" }).values, {
      "prices:url": "u",
      "aws:region": "eu-west-1",
    });
  });

  it("prefers the command line to the stack file, and the stack file to the project's defaults", () => {
    const schema = { a: { default: 1 }, b: { type: "string", default: 2 }, c: { default: 3 } };
    const { values } = merge({ "prices:b": "file", c: "file" }, { config: { c: "line" } }, schema);
    assert.deepEqual(values, { "prices:a": "1", "prices:b": "file", "prices:c": "line" });
  });

  it("passes objects as JSON", () => {
    assert.deepEqual(merge({ list: ["a", "b"] }).values, { "prices:list": '["a","b"]' });
  });

  it("marks only the secrets of the command line and of the schema", () => {
    const { secretKeys } = merge(
      { key: "plain" },
      { secrets: { token: "t" }, config: { url: "u" } },
      { key: { secret: true } },
    );
    assert.deepEqual(secretKeys, ["prices:key", "prices:token"]);
  });

  it("names the option for an encrypted value", () => {
    assert.throws(() => merge({ "prices:key": { secure: "AAAB" } }), {
      message:
        "`key` is encrypted in Pulumi.dev.yaml, and the local stack cannot decrypt it. Pass its value with --secret key=VALUE",
    });
  });

  it("uses an override for an encrypted value and keeps it secret", () => {
    const { values, secretKeys } = merge({ "prices:key": { secure: "AAAB" } }, { config: { key: "k" } });
    assert.deepEqual([values, secretKeys], [{ "prices:key": "k" }, ["prices:key"]]);
  });
});
