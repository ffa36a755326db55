import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { openInputs, type PackageSchema } from "../../plugin/open-inputs";
import { stateOf, unknownOutput } from "./outputs";

const schema: PackageSchema = {
  version: "1.0.0",
  resources: {},
  types: {
    "p:index:Source": {
      properties: {
        url: {},
        format: { plain: true },
        on: { plain: true, items: { $ref: "#/types/p:index:Rule", plain: true } },
        headers: { additionalProperties: {} },
      },
    },
    "p:index:Rule": { properties: { text: { plain: true }, equals: {} } },
  },
};
const properties = { source: { $ref: "#/types/p:index:Source", plain: true }, tags: { additionalProperties: {} } };
// biome-ignore lint/suspicious/noExplicitAny: each test knows the inputs that it passes.
const open = async (inputs: pulumi.Inputs): Promise<any> => openInputs(schema, properties, inputs);

describe("the inputs of a program in another language", () => {
  it("stay as they are where each member arrives alone", async () => {
    const url = pulumi.secret("https://a.example");
    const opened = await open({ source: { url, format: "sse", headers: { a: "b" } }, tags: { team: "x" } });
    assert.equal(opened.source.url, url);
    assert.deepEqual([opened.source.format, opened.source.headers, opened.tags], ["sse", { a: "b" }, { team: "x" }]);
  });

  it("are opened where a whole argument is one secret: choices become plain, values stay secret", async () => {
    const on = [{ text: "[DONE]", equals: 1 }];
    const source = pulumi.secret({ url: "https://a.example", format: "sse", on, headers: { "x-key": "k" } });
    const { source: opened } = await open({ source });
    assert.equal(opened.format, "sse");
    assert.equal(opened.on[0].text, "[DONE]");
    for (const [output, value] of [
      [opened.url, "https://a.example"],
      [opened.on[0].equals, 1],
      [opened.headers, { "x-key": "k" }],
    ])
      assert.deepEqual(await stateOf(output), { secret: true, known: true, value });
  });

  it("are opened inside an argument, too", async () => {
    const { source } = await open({
      source: { url: "u", on: pulumi.output([{ text: "a" }]), format: pulumi.output("sse") },
    });
    assert.deepEqual([source.format, source.on], ["sse", [{ text: "a" }]]);
  });

  it("stay outputs where the argument may be one", async () => {
    const tags = pulumi.output({ team: "x" });
    assert.equal((await open({ tags })).tags, tags);
  });

  it("are refused by name where a plain value is not known yet", async () => {
    await assert.rejects(open({ source: unknownOutput() }), { propertyPath: "source" });
    await assert.rejects(open({ source: { format: unknownOutput() } }), {
      propertyPath: "source.format",
      reason: "Expected `source.format` to be known when the program runs, got an output of a resource.",
    });
  });

  it("keep archives, other objects of Pulumi, and names that the schema does not know", async () => {
    const archive = new pulumi.asset.FileArchive("./build");
    const opened = await open({ source: { url: archive, other: { deep: 1 } }, surplus: 1 });
    assert.equal(opened.source.url, archive);
    assert.deepEqual([opened.source.other, opened.surplus], [{ deep: 1 }, 1]);
  });
});
