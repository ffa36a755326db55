import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import * as resources from "@pulumi/pulumi/proto/resource_pb";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks";
import * as settings from "@pulumi/pulumi/runtime/settings";
import { callChannel } from "../../../local/evaluate/monitor";

/** The undocumented parts of the SDK that the monitor uses. A change of them must fail here, by name. */
describe("the parts of @pulumi/pulumi that the monitor uses", () => {
  const proto = resources as unknown as Record<string, { prototype: Record<string, unknown> }>;
  const has = (message: string, methods: readonly string[]) => {
    for (const method of methods)
      assert.equal(typeof proto[message]?.prototype[method], "function", `${message}.${method}`);
  };

  it("has the overridden and the inherited methods of the mock monitor", () => {
    const methods = MockMonitor.prototype as unknown as Record<string, unknown>;
    for (const name of ["registerResource", "readResource", "invoke", "registerResourceOutputs"]) {
      assert.equal(typeof methods[name], "function", name);
    }
    for (const name of ["supportsFeature", "registerPackage"]) assert.equal(typeof methods[name], "function", name);
  });

  it("has the settings that install the monitor", () => {
    const internals = { ...settings, ...pulumi.runtime } as Record<string, unknown>;
    for (const name of ["setMockOptions", "awaitFeatureSupport", "runInPulumiStack", "setAllConfig", "disconnect"]) {
      assert.equal(typeof internals[name], "function", name);
    }
  });

  it("has the fields of requests and responses", () => {
    has("RegisterResourceRequest", [
      "getType",
      "getName",
      "getParent",
      "getCustom",
      "getRemote",
      "getObject",
      "getPropertydependenciesMap",
      "getAdditionalsecretoutputsList",
      "getRetainondelete",
      "getDeletebeforereplace",
    ]);
    has("RegisterResourceResponse", ["setUrn", "setId", "setObject", "setUnknown"]);
    has("ReadResourceRequest", ["getType", "getName", "getParent", "getId", "getProperties"]);
    has("ReadResourceResponse", ["setUrn", "setProperties"]);
    has("ResourceInvokeRequest", ["getTok", "getArgs"]);
    has("RegisterResourceOutputsRequest", ["getUrn", "getOutputs"]);
  });
});

describe("callChannel", () => {
  it("returns each answer to its caller, in any order", async () => {
    const sent: number[] = [];
    const { sendCall, settle } = callChannel(({ call }) => sent.push(call));
    const request = { token: "t", args: {} };
    const first = sendCall({ kind: "invoke", request });
    const second = sendCall({ kind: "invoke", request });
    settle({ kind: "answer", call: sent[1]!, error: "no" });
    settle({ kind: "answer", call: sent[0]!, value: 1 });
    assert.equal(await first, 1);
    await assert.rejects(second, { message: "no" });
  });
});
