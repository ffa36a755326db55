import assert from "node:assert/strict";
import { deploymentOf } from "../../cli/deployment";

const OUTPUTS = {
  apiUrl: "https://abc.execute-api.eu-central-1.amazonaws.com/v1",
  tableName: "events",
  processorArn: "arn:aws:lambda:eu-central-1:123456789012:function:p",
};

describe("the deployment that a command works on", () => {
  let reads = 0;
  beforeEach(() => {
    reads = 0;
  });
  const of = (options: object, outputs: object = OUTPUTS) =>
    deploymentOf(options, async () => {
      reads++;
      return outputs;
    });

  it("takes names and region from the stack, which it reads once", async () => {
    const deployment = of({});
    assert.equal(await deployment.name(undefined, "tableName", "--table"), "events");
    assert.equal(await deployment.name(undefined, "apiUrl", "--api-url"), OUTPUTS.apiUrl);
    assert.equal(await deployment.region(), "eu-central-1");
    assert.equal(reads, 1);
  });

  it("takes the region from the processor where the API has a domain of the user's", async () => {
    const deployment = of({}, { ...OUTPUTS, apiUrl: "https://streams.example.com" });
    await deployment.name(undefined, "apiUrl", "--api-url");
    assert.equal(await deployment.region(), "eu-central-1");
  });

  it("needs no stack where options name everything", async () => {
    const deployment = of({ apiUrl: "https://abc.execute-api.cn-north-1.amazonaws.com.cn/v1" });
    assert.equal(await deployment.name("mine", "tableName", "--table"), "mine");
    assert.equal(await deployment.region(), "cn-north-1");
    assert.equal(await of({}).region("arn:aws:lambda:us-east-1:123456789012:function:p"), "us-east-1");
    assert.equal(await of({}).region("p"), undefined);
    assert.equal(reads, 0);
  });

  it("takes the region from a chosen stack, also where options name everything else", async () => {
    for (const chosen of [{ stack: "prod" }, { program: "infra" }]) {
      const deployment = of(chosen);
      assert.equal(await deployment.name("my-bucket", "bucketName", "--bucket"), "my-bucket");
      assert.equal(await deployment.region(), "eu-central-1");
    }
  });

  it("prefers --region", async () => {
    assert.equal(await of({ region: "us-west-2", apiUrl: OUTPUTS.apiUrl }).region(OUTPUTS.processorArn), "us-west-2");
  });
});
