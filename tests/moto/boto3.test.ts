import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { operatorEnvironment } from "stream-ingestion-local";
import type { IngestionStack } from "../../cli/local/ingestion-stack";
import { textReporter } from "../../cli/local/text-reporter";
import { pythonEnvironment } from "../../scripts/python-environment.mjs";
import { type CloudFixture, startFixture } from "../local/cloud-fixture";
import { usePython } from "../models/python";

describe("boto3 with the environment of the local cloud", () => {
  usePython();
  let fixture: CloudFixture;
  let table: string;
  before(async () => {
    fixture = await startFixture();
    await fixture.create("aws:s3/bucket:Bucket", "bucket", { bucket: "bucket" });
    table = (await fixture.createTable("table")).name!;
  });
  after(() => fixture.cloud.close());

  for (const AWS_PROFILE of ["production", ""])
    it(`reads and writes after the printed lines ran in a shell with AWS_PROFILE="${AWS_PROFILE}" and a session`, async () => {
      const developer = { AWS_PROFILE, AWS_SESSION_TOKEN: "token", AWS_DEFAULT_REGION: "us-west-2" };
      const lines = printedEnvironment(fixture);
      const command = [...lines, `exec "$0" "$@"`].join("\n");
      const script = [join(pythonEnvironment(), "python"), join(__dirname, "boto3_client.py"), table];
      const output = await new Promise<string>((resolve, reject) => {
        const env = { ...process.env, ...developer };
        execFile("sh", ["-c", command, ...script], { env }, (error, stdout, stderr) =>
          error ? reject(new Error(stderr)) : resolve(stdout),
        );
      });
      const { keys, items, object, region, identity, refused } = JSON.parse(output);
      assert.deepEqual([keys, object], [["a/ü (1)+b.json"], "hello"]);
      assert.equal(region, fixture.cloud.region);
      assert.equal(items.length, 1);
      const { accountId } = fixture.cloud;
      assert.deepEqual(identity, [accountId, `arn:aws:iam::${accountId}:user/operator`]);
      assert.match(refused.assume_role, /AssumeRole.* The local STS does not support AssumeRole\./);
      assert.match(refused.publish, /Publish.* The local cloud does not support the service "sns"/);
      assert.match(refused.get_parameter, /GetParameter.* The local cloud does not support the service "ssm"/);
    });
});

/** The lines for other terminals that `stream-ingestion local` prints. */
function printedEnvironment({ cloud }: CloudFixture): string[] {
  let text = "";
  const write = (part: string) => {
    text += part;
    return true;
  };
  const stack = { instances: [], outputs: {}, environment: operatorEnvironment(cloud) };
  textReporter({ write }, Date.now).ready(stack as unknown as IngestionStack, "http://127.0.0.1/");
  return text.split("\n").filter((line) => /^ {2}(export|unset) /.test(line));
}
