import assert from "node:assert/strict";
import type * as control from "../../runtime/control/relay-port";
import * as data from "../../runtime/data/relay";

describe("the relay and control's port", () => {
  it("are of one shape", () => {
    // The compiler is the test: `npm run types` fails where the planes drift apart.
    const create: (options: control.RelayOptions, deps: data.RelayDeps) => control.Relay = data.createRelay;
    assert.equal(typeof create, "function");
  });
});
