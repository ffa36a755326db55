import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { operatorEnvironment } from "stream-ingestion-local";
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

  it("reads and writes, also in the shell of a developer with a profile and a session", async () => {
    const developer = { AWS_PROFILE: "production", AWS_SESSION_TOKEN: "token", AWS_DEFAULT_REGION: "us-west-2" };
    const env = { ...process.env, ...developer, ...operatorEnvironment(fixture.cloud) };
    const script = join(__dirname, "boto3_client.py");
    const output = await new Promise<string>((resolve, reject) => {
      execFile(join(pythonEnvironment(), "python"), [script, table], { env }, (error, stdout, stderr) =>
        error ? reject(new Error(stderr)) : resolve(stdout),
      );
    });
    const { keys, items, object, region } = JSON.parse(output);
    assert.deepEqual([keys, object], [["a/ü (1)+b.json"], "hello"]);
    assert.equal(region, fixture.cloud.region);
    assert.equal(items.length, 1);
  });
});
