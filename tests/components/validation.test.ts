import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { StreamIngestion, type StreamIngestionArgs } from "../../components";
import { selfSigned } from "../data/certificate";
import { evaluate } from "../mocks/recording-monitor";
import { ENTRY, requiredArgs } from "./arguments";
import { argsWith, EXPIRED, REFUSED, source } from "./refused-arguments";

async function refusal(name: string, args: unknown): Promise<unknown> {
  let error: unknown;
  await evaluate(() => {
    try {
      new StreamIngestion(name, args as StreamIngestionArgs);
    } catch (thrown) {
      error = thrown;
    }
  });
  return error;
}

describe("the arguments", () => {
  for (const [what, args, message] of REFUSED)
    it(`refuse ${what}`, async () => {
      const error = await refusal("in", args);
      assert.ok(error instanceof pulumi.ResourceError, String(error));
      if (message instanceof RegExp) assert.match(error.message, message);
      else assert.equal(error.message, message);
    });

  it("refuse an instance name that is too long or invalid for the names of AWS resources", async () => {
    for (const name of ["a".repeat(33), "1st", "a_b"]) {
      const error = (await refusal(name, requiredArgs())) as Error;
      assert.equal(
        error?.message,
        `Expected the instance name to be 1..32 letters, digits and hyphens, starting with a letter, got "${name}".`,
      );
    }
    assert.equal(await refusal("a".repeat(32), requiredArgs()), undefined);
  });

  it("refuse settings that exceed the environment of the connection manager", async () => {
    const on = Array.from({ length: 100 }, (_, n) => ({ type: `heartbeat-of-service-${n}`, action: "ignore" }));
    assert.match(
      String(await refusal("in", argsWith({ source: { ...source, on } }))),
      /the environment of the connection manager to have at most 4096 bytes in total, got [56]\d{3}\. The largest variables are STREAM_INGESTION_SETTINGS \([56]\d{3}\)\. Shorten `source`, for example `source\.on`\./,
    );
  });

  it("refuse an invalid environment when its values become known, and do not show the values", async () => {
    const deploy = (environment: pulumi.Input<Record<string, pulumi.Input<string>>>) =>
      evaluate(() => void new StreamIngestion("in", requiredArgs({ processor: { entry: ENTRY, environment } })));
    await assert.rejects(
      deploy(pulumi.output({ AWS_REGION: "eu-west-1" })),
      /got "AWS_REGION": Lambda sets this variable/,
    );
    const large = { LARGE: pulumi.output("secret ".repeat(600)) };
    await assert.rejects(deploy(large), ({ message }: Error) => {
      assert.match(
        message,
        /the environment of the function in-event-processor .*The largest variables are LARGE \(4202\)/,
      );
      return !message.includes("secret secret");
    });
  });

  it("refuse invalid tags and ranges when their values become known", async () => {
    const deploy = (changes: Partial<StreamIngestionArgs>) =>
      evaluate(() => void new StreamIngestion("in", requiredArgs(changes)));
    await assert.rejects(deploy({ tags: { team: pulumi.output("a|b") } }), /`tags\["team"\]` .*got "a\|b"/);
    await assert.rejects(deploy({ api: { allowedCidrs: [pulumi.output("1.2.3.4/33")] } }), /`api\.allowedCidrs\[0\]`/);
  });

  it("refuse names and lists of other resources when their values become known", async () => {
    const later = <T>(value: T) => pulumi.output(value);
    const refused: readonly (readonly [changes: object, named: RegExp])[] = [
      [{ bucket: later("") }, /`bucket` to be the name/],
      [{ connections: { table: later("a") } }, /`connections\.table` to be the name/],
      [{ account: { kmsKeyArn: later("alias/key") } }, /`account\.kmsKeyArn` to be the ARN of a key/],
      [{ alarms: { topicArn: later("") } }, /`alarms\.topicArn` to be the ARN of an SNS topic/],
      [{ processor: { functionArn: later("arn:aws:sqs:eu-west-1:1:a") } }, /`processor\.functionArn` to be the ARN/],
      [{ account: { permissionsBoundary: later("boundary") } }, /`account\.permissionsBoundary` to be the ARN/],
      [{ source: { secretArn: later("my-secret") } }, /`source\.secretArn` to be the ARN of a secret/],
      [{ network: { subnetIds: later([]), securityGroupIds: ["sg-1"] } }, /`network\.subnetIds` to be a list/],
      [{ api: { allowedCidrs: later([]) } }, /`api\.allowedCidrs` to be omitted/],
      [
        { account: { extraStatements: { connectionApi: later([{ actions: ["a:b"], resources: [] }]) } } },
        /`account\.extraStatements\.connectionApi\[0\]\.resources` to be a list/,
      ],
    ];
    for (const [changes, named] of refused)
      await assert.rejects(
        evaluate(() => void new StreamIngestion("in", argsWith(changes))),
        named,
      );
  });

  it("refuse ranges that exceed the API's resource policy", async () => {
    const allowedCidrs = Array.from({ length: 500 }, (_, n) => `198.51.${n >> 8}.${n & 255}/32`);
    await assert.rejects(
      evaluate(() => void new StreamIngestion("in", requiredArgs({ api: { allowedCidrs } }))),
      /Expected `api\.allowedCidrs` to fit into a resource policy of 8192 characters, got 500 ranges, \d+ characters\. Combine ranges\.$/,
    );
  });

  it("refuse a source when its values become known, and do not show them", async () => {
    const deploy = (changes: object, streams: string[] = []) =>
      evaluate(() => void new StreamIngestion("in", argsWith({ source: { ...source, ...changes }, streams })));
    const cases: [object, RegExp][] = [
      [{ url: "ftp://hidden" }, /`source.url` to be an http, https, ws or wss URL/],
      [{ path: "hidden" }, /`source.path` to start with "\/"/],
      [{ url: "http://hidden.example", key: "k" }, /to be an https or wss URL because each request carries/],
      [{ url: "ws://hidden.example", key: "k" }, /to be an https or wss URL because each request carries/],
      [{ url: "https://ann:hidden@a.example", key: "k" }, /either `source.key` or a user and password/],
      [{ url: "wss://hidden.example", format: "lines" }, /`source.format` to be "auto" for a WebSocket/],
      [{ url: "wss://hidden.example", method: "POST", end: "complete" }, /URL with `source.method`/],
      [{ url: "https://hidden.example", webSocket: { compression: true } }, /`source.webSocket` only with/],
      [{ headers: pulumi.secret({ "X-A": "hidden\n" }) }, /`source.headers\["X-A"\]` to be a string without/],
      [{ tls: { ca: pulumi.secret("hidden") } }, /`source.tls` to have certificates and a matching key in PEM/],
      [{ proxy: pulumi.secret("hidden") }, /`source.proxy` to be an http or https URL/],
    ];
    for (const [changes, message] of cases) {
      const { url = source.url, path = source.path, ...rest } = changes as Record<string, string>;
      const secret = { ...rest, url: pulumi.secret(url), path: pulumi.secret(path) };
      await assert.rejects(deploy(secret), (error: Error) => {
        assert.match(error.message, message);
        return !error.message.includes("hidden");
      });
    }
    await assert.rejects(
      deploy({ path: pulumi.secret("/hidden") }, ["a", "b"]),
      /`source` to have \{streamId\} .* because `streams` has more than one stream/,
    );
    await deploy({ path: pulumi.secret("/{streamId}") }, ["a", "b"]);
    await deploy({ path: pulumi.secret("/hidden") }, ["a"]);
  });

  it("refuse a client certificate that has expired or has another key", async () => {
    const tls = (cert: string, key: string) => refusal("in", argsWith({ source: { ...source, tls: { cert, key } } }));
    const [{ cert }, { key }] = [selfSigned(), selfSigned()];
    assert.match(((await tls(cert, key)) as Error).message, /`source.tls` to have .* got error .*mismatch/);
    assert.match(((await tls(EXPIRED, key)) as Error).message, /`source.tls.cert` .* expired on Jan {2}1 .* 2021 GMT/);
  });

  it("do not show the upstream's URL or path in a message", async () => {
    const error = (await refusal("in", argsWith({ source: { url: "ftp://hidden.example", path: "/" } }))) as Error;
    assert.ok(!error.message.includes("hidden"));
  });
});
