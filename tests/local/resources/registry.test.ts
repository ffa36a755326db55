import assert from "node:assert/strict";
import { realisers } from "../../../local/resources/registry";

describe("realisers", () => {
  for (const [type, realiser] of realisers) {
    it(`of ${type} name among their inputs what asks for a replacement`, () => {
      assert.deepEqual(
        realiser.replaceOn.filter((input) => !realiser.inputs.includes(input)),
        [],
      );
      assert.equal(new Set(realiser.inputs).size, realiser.inputs.length);
    });
  }

  it("name only inputs that the provider has", async function () {
    this.timeout(60_000);
    const unknown: string[] = [];
    for (const [type, { inputs, secretOutputs = [] }] of realisers) {
      const known = await propertiesOf(type);
      unknown.push(
        ...[...inputs, ...secretOutputs].filter((name) => !known.includes(name)).map((name) => `${type} ${name}`),
      );
    }
    assert.deepEqual(unknown, []);
  });

  for (const type of ["aws:lambda/function:Function", "aws:dynamodb/table:Table", "aws:s3/bucket:Bucket"]) {
    it(`keep a ${type} where an input that may change in place changes`, () => {
      assert.ok(!realisers.get(type)?.replaceOn.includes("tags"));
    });
  }
});

/** Names of a resource's properties, as the provider's SDK sends them. */
async function propertiesOf(type: string): Promise<string[]> {
  const [pkg = "", module = "", name = ""] = type.split(":");
  const path =
    pkg === "awsx" ? `@pulumi/awsx/${module}/${name[0]?.toLowerCase()}${name.slice(1)}` : `@pulumi/aws/${module}`;
  const { [name]: Resource } = (await import(path)) as Record<string, { toString(): string }>;
  return [...String(Resource).matchAll(/resourceInputs\["(\w+)"\]/g)].map(([, property]) => property!);
}
