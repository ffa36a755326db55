import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { readConfig } from "../../components/config";

/** Reads a stack configuration with these values. */
function read(values: Record<string, string>) {
  pulumi.runtime.setAllConfig(Object.fromEntries(Object.entries(values).map(([key, value]) => [`p:${key}`, value])));
  return readConfig(new pulumi.Config("p"));
}

describe("readConfig", () => {
  beforeEach(() => pulumi.runtime.setMocks({ call: () => ({}), newResource: () => ({ id: "", state: {} }) }));
  afterEach(() => pulumi.runtime.setAllConfig({}));

  it("returns URL, path and key as secrets, whether they are set as secrets or not", async () => {
    const config = read({ url: "https://a.example", path: "/p", key: "k" });
    for (const output of [config.url, config.path, config.key!]) assert.equal(await pulumi.isSecret(output), true);
  });

  it("accepts a configuration without a key and streams", () => {
    const config = read({ url: "https://a.example", path: "/p" });
    assert.deepEqual([config.key, config.streams], [undefined, []]);
    assert.equal(read({ url: "https://a.example", path: "/p", key: "" }).key, undefined);
  });

  it("reads the list of streams", () => {
    assert.deepEqual(read({ url: "u", path: "/", streams: '["a","b"]' }).streams, ["a", "b"]);
  });

  for (const missing of ["url", "path"])
    it(`shows the command that sets a missing ${missing}`, () => {
      const values: Record<string, string> = { url: "https://a.example", path: "/p" };
      delete values[missing];
      assert.throws(() => read(values), {
        message: new RegExp(`pulumi config set --secret p:${missing} <value>`),
      });
    });

  it("refuses streams that are not a list of ids", () => {
    assert.throws(
      () => read({ url: "u", path: "/", streams: '"a"' }),
      /list of stream ids, got "a".*config set --path/,
    );
  });
});
