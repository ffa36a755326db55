import assert from "node:assert/strict";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { componentProvider } from "../../plugin/provider";
import { COMPONENT_TYPE } from "../../runtime/contract";
import { evaluate, secretValue } from "../mocks/recording-monitor";

const entry = join(__dirname, "../examples/program/processor.ts");

describe("the component behind the provider protocol", () => {
  const { construct } = componentProvider();
  const source = { url: "https://stream.example.com", path: "/v1/{streamId}", key: pulumi.secret("k") };

  /** Constructs the component as the engine would for a program in another language. */
  async function constructed(inputs: pulumi.Inputs, options: pulumi.ComponentResourceOptions = {}) {
    let result: Awaited<ReturnType<NonNullable<typeof construct>>> | undefined;
    let failed: unknown;
    const evaluated = await evaluate(() => {
      const work = construct!("prices", COMPONENT_TYPE, inputs, options).then(
        (value) => {
          result = value;
        },
        (error) => {
          failed = error;
        },
      );
      // The program ends when the component is constructed.
      pulumi.output(work);
    });
    if (failed) throw failed;
    return { ...evaluated, result: result! };
  }

  it("creates the resources that a TypeScript program creates, and returns the outputs", async () => {
    const { one, result } = await constructed({
      source,
      processor: { functionArn: "arn:aws:lambda:eu-west-1:123456789012:function:f", roleName: "f" },
    });
    const secret = one("aws:secretsmanager/secretVersion:SecretVersion");
    assert.match(secretValue(secret.inputs.secretStringWo), /stream\.example\.com/);
    assert.deepEqual(Object.keys(result.state).sort(), [
      "apiUrl",
      "bucketName",
      "connectionTableName",
      "egressIps",
      "processorArn",
      "processorPolicyJson",
      "secretArn",
      "tableName",
    ]);
    assert.match(
      await (pulumi.output(result.urn) as unknown as { promise(): Promise<string> }).promise(),
      /StreamIngestion::prices$/,
    );
  });

  it("reports an invalid argument as an error of that property", async () => {
    await assert.rejects(
      constructed({ source: { ...source, format: "xml" }, processor: { entry } }),
      (error: pulumi.InputPropertyError) => {
        assert.equal(error.propertyPath, "source.format");
        assert.match(error.reason, /^Expected `source\.format` to be "auto" \| .*, got "xml"\.$/);
        return true;
      },
    );
  });

  it("refuses another type of resource", async () => {
    await assert.rejects(
      construct!("x", "stream-ingestion:index:Other", {}, {}),
      /Expected a resource of type stream-ingestion:index:StreamIngestion, got stream-ingestion:index:Other/,
    );
  });
});
