import assert from "node:assert/strict";
import { withProposedName } from "../../../local/provider/autonaming";
import { messages } from "../../../local/provider/pulumi-protocol";

const { AutonamingOptions } = messages.CheckRequest;
const FUNCTION = "aws:lambda/function:Function";

describe("the name that the engine proposes", () => {
  const proposed = (mode = AutonamingOptions.Mode.PROPOSE) =>
    new AutonamingOptions().setProposedName("local-prices").setMode(mode);

  it("is that of a resource without a name, in the property of its type", () => {
    assert.deepEqual(withProposedName(FUNCTION, { a: 1 }, {}, proposed()), { a: 1, name: "local-prices" });
    const bucket = withProposedName("aws:s3/bucket:Bucket", {}, {}, proposed());
    assert.deepEqual(bucket, { bucket: "local-prices" });
  });

  it("does not replace a name in the program, or the one that the resource has", () => {
    assert.deepEqual(withProposedName(FUNCTION, { name: "mine" }, {}, proposed()), { name: "mine" });
    assert.deepEqual(withProposedName(FUNCTION, {}, { name: "prices-1" }, proposed()), { name: "prices-1" });
  });

  it("is nothing without the configuration, and for types without a name", () => {
    assert.deepEqual(withProposedName(FUNCTION, {}, {}, undefined), {});
    assert.deepEqual(withProposedName("aws:dynamodb/tableItem:TableItem", {}, {}, proposed()), {});
  });

  it("is required from the program when names are disabled", () => {
    const disabled = proposed(AutonamingOptions.Mode.DISABLE);
    assert.throws(() => withProposedName(FUNCTION, {}, {}, disabled), {
      message: `Expected \`name\` of a ${FUNCTION}, because \`pulumi:autonaming\` is disabled. Set it, for example with \`transform\`.`,
    });
    assert.deepEqual(withProposedName(FUNCTION, { name: "mine" }, {}, disabled), { name: "mine" });
  });
});
