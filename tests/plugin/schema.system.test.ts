import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { packageSchema } from "../../scripts/package-schema";

const COMMITTED = resolve(__dirname, "../../plugin/schema.json");

describe("the schema for other languages", () => {
  it("is the one that the arguments and their comments give", () => {
    assert.equal(
      readFileSync(COMMITTED, "utf8"),
      packageSchema(),
      "Run `npm run schema`, and commit plugin/schema.json.",
    );
  });
});

describe("the committed schema", () => {
  const schema = JSON.parse(readFileSync(join(COMMITTED), "utf8"));
  const { inputProperties, properties, requiredInputs } = schema.resources["stream-ingestion:index:StreamIngestion"];

  it("requires a source and a processor", () => {
    assert.deepEqual(requiredInputs, ["processor", "source"]);
    assert.ok("streams" in inputProperties);
  });

  it("has the outputs, and not the child resources", () => {
    assert.ok("apiUrl" in properties);
    assert.ok(!("nodes" in properties));
  });

  it("has choices as enumerations", () => {
    const values = schema.types["stream-ingestion:index:Handover"].enum.map(({ value }: { value: string }) => value);
    assert.deepEqual(values.sort(), ["auto", "break", "overlap"]);
  });
});
