import assert from "node:assert/strict";
import { hopSeconds, keyValue, port } from "../../../cli/local/parse-options";

describe("options of `local`", () => {
  it("splits KEY=VALUE at the first equal sign and collects repetitions", () => {
    assert.deepEqual(keyValue("key=a=b", keyValue("url=u")), { url: "u", key: "a=b" });
    assert.deepEqual(keyValue("empty="), { empty: "" });
  });

  it("refuses what is no KEY=VALUE", () => {
    for (const text of ["key", "=value", ""]) assert.throws(() => keyValue(text), /Expected KEY=VALUE/);
  });

  it("takes a port and a hop length only as whole numbers in their range", () => {
    assert.deepEqual([port("0"), port("65535"), hopSeconds("5"), hopSeconds("900")], [0, 65_535, 5, 900]);
    for (const text of ["65536", "-1", "1.5", "x", ""]) assert.throws(() => port(text), /0\.\.65535/);
    for (const text of ["4", "901"]) assert.throws(() => hopSeconds(text), /5\.\.900/);
  });
});
