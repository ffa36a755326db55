import assert from "node:assert/strict";
import { program } from "./deployment";
import { useEngine } from "./use-engine";

/** Types with a name that Pulumi makes. */
const NAMED = /:(RestApi|LogGroup|MetricAlarm|Table|Role|RolePolicy|Function|Bucket|Schedule|Secret)$/;

describe("names under the configuration pulumi:autonaming", () => {
  const engine = useEngine({ hopSeconds: 30 });

  it("are those of every child with `verbatim`, also when a role is replaced", async () => {
    const stack = await engine.open({ project: "verbatim" });
    await stack.automation.setConfig("pulumi:autonaming.mode", { value: "verbatim" }, true);
    await stack.up(program());
    const children = (await stack.resources()).filter(({ type }) => NAMED.test(type));
    assert.ok(children.length > 30, `${children.length}`);
    for (const { name, outputs, urn } of children) assert.equal(outputs?.bucket ?? outputs?.name, name, urn);
    assert.deepEqual((await stack.up(program())).steps, []);
    // IAM cannot move a role, and two roles cannot have the same name at the same time.
    const { steps } = await stack.up(program({ account: { rolePath: "/teams/" } }));
    assert.ok(steps.some(({ op, type }) => /replace/.test(op) && type.endsWith(":Role")));
    await stack.destroy();
  });
});
