import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { Sha256 } from "@smithy/core/checksum";
import { SignatureV4 } from "@smithy/signature-v4";
import type { Statement } from "../../../../local/cloud/access/policy";
import type { Credentials } from "../../../../local/cloud/access/principals";
import { skipWithout } from "../../../skip-without";
import { type CloudFixture, startFixture } from "../../cloud-fixture";

const run = promisify(execFile);
const HANDLER = `exports.handler = async (event) => {
  if (event.pathParameters?.id === "broken") return "no proxy answer";
  if (event.pathParameters?.id === "thrown") throw new Error("secret detail");
  return { statusCode: 201, headers: { "X-Own": "yes" }, body: JSON.stringify(event) };
};`;
const EVERYONE: Statement = {
  Effect: "Allow",
  Principal: "*",
  Action: "execute-api:Invoke",
  Resource: "execute-api:/*",
};

describe("REST API", () => {
  let fixture: CloudFixture;
  let url: string;
  let apiId: string;
  let resourceId: string;

  beforeEach(async () => {
    fixture = await startFixture();
  });

  afterEach(() => fixture.cloud.close());

  async function deploy({
    policy = [] as Statement[],
    authorization = "AWS_IAM",
    apiKeyRequired = false,
    permitted = true,
  } = {}) {
    const { create } = fixture;
    const fn = await fixture.createFunction("handler", HANDLER);
    const api = await create("aws:apigateway/restApi:RestApi", "api", {
      ...(policy.length > 0 && { policy: JSON.stringify({ Statement: policy }) }),
    });
    const part = (name: string, parentId: string, pathPart: string) =>
      create("aws:apigateway/resource:Resource", name, { restApi: api.id, parentId, pathPart });
    const things = await part("things", api.rootResourceId!, "things");
    const thing = await part("thing", things.id!, "{id}");
    const verb = { restApi: api.id, resourceId: thing.id, httpMethod: "POST" };
    await create("aws:apigateway/method:Method", "m", { ...verb, authorization, apiKeyRequired });
    await create("aws:apigateway/integration:Integration", "i", { ...verb, type: "AWS_PROXY", uri: fn.invokeArn });
    if (permitted) {
      await create("aws:lambda/permission:Permission", "p", {
        action: "lambda:InvokeFunction",
        function: fn.name,
        principal: "apigateway.amazonaws.com",
        sourceArn: `${api.executionArn}/*/*/things/*`,
      });
    }
    const deployment = await create("aws:apigateway/deployment:Deployment", "d", { restApi: api.id });
    const stage = { restApi: api.id, deployment: deployment.id, stageName: "v1" };
    url = (await create("aws:apigateway/stage:Stage", "s", stage)).invokeUrl!;
    apiId = api.id!;
    resourceId = thing.id!;
  }

  interface Signing {
    readonly credentials?: Credentials;
    readonly region?: string;
    readonly service?: string;
    readonly signingDate?: Date;
    /** Sent instead of the signed body. */
    readonly changedBody?: string;
  }

  async function post(path: string, { credentials, region, service, signingDate, changedBody }: Signing = {}) {
    const target = new URL(url + path);
    const signer = new SignatureV4({
      service: service ?? "execute-api",
      region: region ?? fixture.cloud.region,
      credentials: credentials ?? fixture.cloud.operator,
      sha256: Sha256,
    });
    const { headers } = await signer.sign(
      {
        method: "POST",
        protocol: "http:",
        hostname: target.hostname,
        path: target.pathname,
        query: Object.fromEntries(target.searchParams),
        headers: { host: target.host, "content-type": "application/json" },
        body: '{"a":1}',
      },
      { signingDate },
    );
    return read(await fetch(target, { method: "POST", headers, body: changedBody ?? '{"a":1}' }));
  }

  async function read(response: Response) {
    const text = await response.text();
    return { status: response.status, own: response.headers.get("x-own"), body: JSON.parse(text) };
  }

  const unsigned = async (path: string, headers = {}) => read(await fetch(url + path, { method: "POST", headers }));
  const caller = (policy: Statement[]) =>
    fixture.cloud.principals.issue({
      name: "someone",
      arn: `arn:aws:iam::${fixture.cloud.accountId}:user/someone`,
      policies: () => [{ Statement: policy }],
    });

  it("passes the request to the function as API Gateway does, with decoded path parameters", async () => {
    await deploy();
    const { status, own, body } = await post("/things/a%3Ab?x=1&y=%2B");
    assert.deepEqual([status, own], [201, "yes"]);
    assert.equal(body.resource, "/things/{id}");
    assert.equal(body.httpMethod, "POST");
    assert.deepEqual(body.pathParameters, { id: "a:b" });
    assert.deepEqual(body.queryStringParameters, { x: "1", y: "+" });
    assert.equal(body.body, '{"a":1}');
    assert.equal(body.requestContext.identity.sourceIp, "127.0.0.1");
    assert.equal(body.requestContext.stage, "v1");
  });

  describe("with IAM authorization", () => {
    beforeEach(() => deploy());

    it("rejects a call without a signature", async () => {
      assert.deepEqual(await unsigned("/things/a"), {
        status: 403,
        own: null,
        body: { message: "Missing Authentication Token" },
      });
    });

    const wrong: readonly (readonly [string, Signing, RegExp])[] = [
      ["another region", { region: "eu-west-1" }, /valid region/],
      ["another service", { service: "lambda" }, /correct service/],
      ["an old date", { signingDate: new Date(Date.now() - 60 * 60_000) }, /Signature expired/],
      ["a future date", { signingDate: new Date(Date.now() + 60 * 60_000) }, /Signature expired/],
      ["another body than was sent", { changedBody: '{"a":2}' }, /does not match/],
      ["an unknown key", { credentials: { accessKeyId: "ASIAUNKNOWN", secretAccessKey: "x" } }, /security token/],
    ];
    for (const [what, signing, message] of wrong) {
      it(`rejects a signature for ${what}`, async () => {
        const { status, body } = await post("/things/a", signing);
        assert.equal(status, 403);
        assert.match(body.message, message);
      });
    }

    it("rejects a wrong secret", async () => {
      const credentials = { ...fixture.cloud.operator, secretAccessKey: "wrong" };
      assert.match((await post("/things/a", { credentials })).body.message, /does not match/);
    });

    it("rejects a body that does not match its signed hash", async () => {
      const target = new URL(`${url}/things/a`);
      const stated = createHash("sha256").update("{}").digest("hex");
      const headers = await new SignatureV4({
        service: "execute-api",
        region: fixture.cloud.region,
        credentials: fixture.cloud.operator,
        sha256: Sha256,
      }).sign({
        method: "POST",
        protocol: "http:",
        hostname: target.hostname,
        path: target.pathname,
        headers: { host: target.host, "x-amz-content-sha256": stated },
      });
      const answer = await read(await fetch(target, { method: "POST", headers: headers.headers, body: "{!}" }));
      assert.match(answer.body.message, /x-amz-content-sha256/);
    });

    it("rejects a signed caller without the permission and accepts one with it", async () => {
      const nobody = await post("/things/a", { credentials: caller([]) });
      assert.equal(nobody.status, 403);
      assert.match(nobody.body.Message, /user\/someone is not authorized to perform: execute-api:Invoke/);
      const Resource = `arn:aws:execute-api:${fixture.cloud.region}:*:${apiId}/v1/POST/things/*`;
      const credentials = caller([{ Effect: "Allow", Action: "execute-api:Invoke", Resource }]);
      assert.equal((await post("/things/a", { credentials })).status, 201);
    });

    it("accepts a signature of curl", async function () {
      if (spawnSync("curl", ["--version"]).error) skipWithout(this, "curl is not on PATH.");
      const { accessKeyId, secretAccessKey } = fixture.cloud.operator;
      const sign = (service: string) =>
        run("curl", [
          ...["-s", "-o", "/dev/null", "-w", "%{http_code}", "-X", "POST", "-d", "{}"],
          ...[
            "--aws-sigv4",
            `aws:amz:${fixture.cloud.region}:${service}`,
            "--user",
            `${accessKeyId}:${secretAccessKey}`,
          ],
          `${url}/things/a.b-c`,
        ]);
      assert.equal((await sign("execute-api")).stdout, "201");
      assert.equal((await sign("lambda")).stdout, "403");
    });
  });

  it("applies an explicit deny of its policy before the caller's permissions", async () => {
    const Condition = { NotIpAddress: { "aws:SourceIp": ["10.0.0.0/8"] } };
    await deploy({ policy: [{ ...EVERYONE, Effect: "Deny", Condition }] });
    const { status, body } = await post("/things/a");
    assert.equal(status, 403);
    assert.match(body.Message, /with an explicit deny/);
  });

  it("accepts callers inside the allowed range of a deny", async () => {
    const Condition = { NotIpAddress: { "aws:SourceIp": ["127.0.0.0/8"] } };
    await deploy({ policy: [{ ...EVERYONE, Effect: "Deny", Condition }] });
    assert.equal((await post("/things/a")).status, 201);
    assert.equal((await post("/things/a", { credentials: caller([]) })).status, 403);
  });

  it("requires an API key of a usage plan with the stage", async () => {
    await deploy({ authorization: "NONE", apiKeyRequired: true });
    const key = await fixture.create("aws:apigateway/apiKey:ApiKey", "key", {});
    const headers = { "x-api-key": key.value };
    assert.equal((await unsigned("/things/a", headers)).status, 403);
    const plan = await fixture.create("aws:apigateway/usagePlan:UsagePlan", "plan", {
      apiStages: [{ apiId, stage: "v1" }],
    });
    await fixture.create("aws:apigateway/usagePlanKey:UsagePlanKey", "pk", { keyId: key.id, usagePlanId: plan.id });
    assert.equal((await unsigned("/things/a", headers)).status, 201);
    assert.equal((await unsigned("/things/a", { "x-api-key": "other" })).status, 403);
  });

  it("serves the deployed snapshot, not later definitions", async () => {
    await deploy();
    fixture.cloud.restApis
      .find(apiId)!
      .methods.set(`${resourceId} POST`, { authorization: "NONE", apiKeyRequired: false });
    assert.equal((await unsigned("/things/a")).status, 403);
    const deployment = await fixture.create("aws:apigateway/deployment:Deployment", "d2", { restApi: apiId });
    await fixture.create("aws:apigateway/stage:Stage", "s", {
      restApi: apiId,
      deployment: deployment.id,
      stageName: "v1",
    });
    assert.equal((await unsigned("/things/a")).status, 201);
  });

  it("answers 403 for an unknown path or stage", async () => {
    await deploy();
    assert.equal((await post("/things")).status, 403);
    assert.equal((await read(await fetch(url.replace(/v1$/, "v2")))).status, 403);
  });

  it("answers 500 when the API must not invoke the function", async () => {
    await deploy({ permitted: false });
    assert.equal((await post("/things/a")).status, 500);
  });

  it("answers 502 without details when the function fails or returns no proxy response", async () => {
    await deploy();
    for (const id of ["broken", "thrown"]) {
      assert.deepEqual(await post(`/things/${id}`), {
        status: 502,
        own: null,
        body: { message: "Internal server error" },
      });
    }
  });
});
