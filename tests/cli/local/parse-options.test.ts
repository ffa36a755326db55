import assert from "node:assert/strict";
import { hopSeconds, keyValue, origin, port, runSeconds, streamIds } from "../../../cli/local/parse-options";

describe("options of `local`", () => {
  it("splits KEY=VALUE at the first equal sign and collects repetitions", () => {
    assert.deepEqual(keyValue("key=a=b", keyValue("url=u")), { url: "u", key: "a=b" });
    assert.deepEqual(keyValue("empty="), { empty: "" });
  });

  it("rejects a value that is not KEY=VALUE", () => {
    for (const text of ["key", "=value", ""]) assert.throws(() => keyValue(text), /Expected KEY=VALUE/);
  });

  it("accepts a port and a hop length only as whole numbers in their range", () => {
    assert.deepEqual([port("0"), port("65535"), hopSeconds("5"), hopSeconds("900")], [0, 65_535, 5, 900]);
    for (const text of ["65536", "-1", "1.5", "x", ""]) assert.throws(() => port(text), /0\.\.65535/);
    for (const text of ["0", "abc", ""]) assert.throws(() => runSeconds(text), /1\.\.86400/);
    for (const text of ["4", "901"]) assert.throws(() => hopSeconds(text), /5\.\.900/);
  });

  it("checks an origin and stream ids before anything is deployed", () => {
    assert.equal(origin("https://stream.example.com:8443"), "https://stream.example.com:8443");
    for (const text of ["stream.example.com", "ftp://x", "https://x/path", "https://"])
      assert.throws(() => origin(text), /--path/);
    assert.deepEqual(streamIds("b", streamIds("a")), ["a", "b"]);
    for (const text of ["a b", "..", ""]) assert.throws(() => streamIds(text), /1 to 128/);
  });
});
