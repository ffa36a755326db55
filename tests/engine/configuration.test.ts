import assert from "node:assert/strict";
import { readConfig } from "../../components/config";
import { StreamIngestion } from "../../components/index";
import { type Overrides, program } from "./deployment";
import { failure } from "./engine-stack";
import { useEngine } from "./use-engine";

describe("messages to Pulumi users", () => {
  const engine = useEngine();

  /** Reads the configuration as the repository's program does. */
  const configured = async () => {
    const { url, path, key, streams } = readConfig();
    new StreamIngestion("prices", { ...program.defaults, source: { url, path, key }, streams });
  };

  it("names the command for a missing secret", async () => {
    assert.match(
      await failure(engine.stack.preview(configured)),
      /Missing required configuration variable 'prices:url'\s+please set a value using the command `pulumi config set --secret prices:url <value>`/,
    );
    await engine.stack.automation.setConfig("url", { value: "https://stream.example.com", secret: true });
    assert.match(
      await failure(engine.stack.preview(configured)),
      /Missing required configuration variable 'prices:path'/,
    );
  });

  it("names a configuration value of the wrong type, and how to set it", async () => {
    await engine.stack.automation.setConfig("path", { value: "/v1/{streamId}", secret: true });
    await engine.stack.automation.setConfig("streams", { value: '{"EUR":"USD"}' });
    assert.match(
      await failure(engine.stack.preview(configured)),
      /Expected `streams` to be a list of stream ids, got .*EUR/,
    );
    await engine.stack.automation.removeConfig("streams");
    assert.ok((await engine.stack.preview(configured)).steps.length > 30);
  });

  it("keeps a secret configuration value encrypted and out of the output", async () => {
    const { stdout } = await engine.stack.preview(configured);
    assert.doesNotMatch(stdout, /stream\.example\.com/);
  });

  const WRONG: readonly (readonly [string, Overrides, RegExp])[] = [
    ["a number out of range", { relay: { memorySize: 64 } }, /Expected `relay\.memorySize` to be 128\.\.10240, got 64/],
    [
      "a processor that is not there",
      { processor: { entry: "./nowhere.ts" } },
      /Expected `processor\.entry` to be a file, but "\.\/nowhere\.ts" does not exist\. Tried \//,
    ],
    ["a stream id that cannot be", { streams: ["a/b"] }, /Expected `streams\[0\]` to be .*got "a\/b"/],
    ["half a network", { network: { subnetIds: ["subnet-1"] } }, /Expected `network`.*`subnetIds`/],
  ];
  for (const [what, args, expected] of WRONG) {
    it(`names ${what}, without creating a resource`, async () => {
      const message = await failure(engine.stack.up(program(args)));
      assert.match(message, expected);
      assert.equal(engine.count(), 0);
    });
  }
});
