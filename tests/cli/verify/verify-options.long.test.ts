import assert from "node:assert/strict";
import { KEY } from "./lossy-upstream";
import { startVerifiedDeployment, type VerifiedDeployment } from "./verified-deployment";

describe("verify with its long checks, against the local stack", () => {
  let deployed: VerifiedDeployment;
  before(async () => {
    deployed = await startVerifiedDeployment(5);
  });
  after(() => deployed?.close());

  it("proves with its options: hops past a chain of 16, an idle API, and a poison event that lands in the bucket", async () => {
    const { code, lines, stdout, stderr } = await deployed.verify("USD_CHF", KEY, [
      "--hops",
      "16",
      "--idle-seconds",
      "2",
      "--poison",
    ]);
    assert.equal(code, 0, stdout + stderr);
    for (const what of [/hops hand over/, /the chain of hops/, /idle time/, /failure bucket/, /watchdog's metric/])
      assert.match(lines.find((line) => what.test(line)) ?? "", /^✔ /, stdout);
    assert.doesNotMatch(stdout, /Not proved/);
    assert.match(stdout, /Stream USD_CHF is stopped\. Its row stays in \S+, and its events in \S+ until their TTL/);
    const [, object = ""] = /found and removed (failures\/USD_CHF\/\S+)/.exec(stdout) ?? [];
    assert.match(object, /^failures\/USD_CHF\/verify%2B%C3%BC%20/);
  });
});
