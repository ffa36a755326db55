import assert from "node:assert/strict";
import { regionOf } from "../../cli/sign";
import { output, type Run, stackOutputs } from "../../cli/stack-outputs";

describe("stackOutputs", () => {
  const calls: (readonly string[])[] = [];
  const pulumi =
    (result: string | Error): Run =>
    async (file, args) => {
      calls.push([file, ...args]);
      if (result instanceof Error) throw result;
      return result;
    };
  beforeEach(() => void calls.splice(0));

  it("reads the selected stack or a named one with the Pulumi CLI", async () => {
    assert.equal((await stackOutputs({}, pulumi('{"apiUrl":"https://a"}'))).apiUrl, "https://a");
    await stackOutputs({ stack: "prod", program: "infra" }, pulumi("{}"));
    assert.deepEqual(calls, [
      ["pulumi", "stack", "output", "--json", "--non-interactive"],
      ["pulumi", "stack", "output", "--json", "--non-interactive", "--stack", "prod", "--cwd", "infra"],
    ]);
  });

  it("never reads secret outputs as plain text", async () => {
    await stackOutputs({}, pulumi("{}"));
    assert.ok(!calls[0]!.includes("--show-secrets"));
  });

  it("explains a missing Pulumi CLI, a missing login and an unknown stack", async () => {
    const missing = Object.assign(new Error("spawn pulumi ENOENT"), { code: "ENOENT" });
    await assert.rejects(stackOutputs({}, pulumi(missing)), {
      message:
        "Could not read the outputs of the selected stack: the Pulumi CLI is not on PATH. Install it, or pass --api-url.",
    });
    const loggedOut = Object.assign(new Error("exit 255"), { stderr: "error: PULUMI_ACCESS_TOKEN must be set\n" });
    await assert.rejects(stackOutputs({}, pulumi(loggedOut)), /Run `pulumi login`, or pass --api-url\.$/);
    const noStack = Object.assign(new Error("exit 255"), { stderr: "error: no stack named 'prod' found\n" });
    await assert.rejects(
      stackOutputs({ stack: "prod" }, pulumi(noStack)),
      /of stack prod: no stack named 'prod' found\. Pass another stack with --stack, or pass --api-url\.$/,
    );
  });

  it("names an output that the program does not export", () => {
    assert.throws(() => output({ tableName: "t" }, "apiUrl", "--api-url"), {
      message:
        "The stack has no output `apiUrl` (its outputs: tableName). Export it from the program, or pass --api-url.",
    });
  });
});

describe("regionOf", () => {
  it("reads the region from API Gateway's host names, in every partition", () => {
    const of = (host: string) => regionOf(new URL(`https://${host}/v1`), { AWS_REGION: "xx" });
    assert.equal(of("abc123.execute-api.eu-central-1.amazonaws.com"), "eu-central-1");
    assert.equal(of("abc123.execute-api.cn-north-1.amazonaws.com.cn"), "cn-north-1");
    assert.equal(of("abc123-vpce-1.execute-api.us-gov-west-1.amazonaws.com"), "us-gov-west-1");
    assert.equal(of("streams.example.com"), "xx");
    assert.equal(of("x.execute-api.eu-central-1.amazonaws.com.evil.example"), "xx");
  });

  it("requires a region when the host contains none", () => {
    assert.throws(() => regionOf(new URL("https://streams.example.com"), {}), /Pass --region, or set AWS_REGION/);
  });
});
