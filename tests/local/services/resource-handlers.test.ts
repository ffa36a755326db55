import assert from "node:assert/strict";
import { resourceHandlers } from "../../../local/services/services";

describe("resourceHandlers", () => {
  for (const [type, handler] of resourceHandlers) {
    it(`of ${type} list the inputs that require a replacement among their inputs`, () => {
      assert.deepEqual(
        handler.replaceOn.filter((input) => !handler.inputs.includes(input)),
        [],
      );
      assert.equal(new Set(handler.inputs).size, handler.inputs.length);
    });
  }

  it("list only inputs of the provider", async () => {
    const unknown: string[] = [];
    for (const [type, { inputs, secretOutputs = [] }] of resourceHandlers) {
      const known = await propertiesOf(type);
      unknown.push(
        ...[...inputs, ...secretOutputs].filter((name) => !known.includes(name)).map((name) => `${type} ${name}`),
      );
    }
    assert.deepEqual(unknown, []);
  });

  for (const type of ["aws:lambda/function:Function", "aws:dynamodb/table:Table", "aws:s3/bucket:Bucket"]) {
    it(`update a ${type} in place for an input that allows it`, () => {
      assert.ok(!resourceHandlers.get(type)?.replaceOn.includes("tags"));
    });
  }
});

/** Property names of a resource in the provider's SDK. */
async function propertiesOf(type: string): Promise<string[]> {
  const [pkg = "", module = "", name = ""] = type.split(":");
  const path =
    pkg === "awsx" ? `@pulumi/awsx/${module}/${name[0]?.toLowerCase()}${name.slice(1)}` : `@pulumi/aws/${module}`;
  const { [name]: Resource } = (await import(path)) as Record<string, { toString(): string }>;
  return [...String(Resource).matchAll(/resourceInputs\["(\w+)"\]/g)].map(([, property]) => property!);
}
