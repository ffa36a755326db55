import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { addList } from "../../cli/list";
import { addStart } from "../../cli/start";
import { addStatus } from "../../cli/status";
import { addStop } from "../../cli/stop";
import { addTail } from "../../cli/tail";
import { run } from "../cli/cli-fixture";
import { startUpstream, ticking, type Upstream } from "../fakes/upstream";
import { eventually } from "../local/event-log";
import { deployLocally, type LocalDeployment } from "./local-deployment";
import { type Call, signedFetch } from "./signed-fetch";

const curl = promisify(execFile);

/** Two deployments: this machine is inside the allowed CIDRs of one only. Their processor prints its access keys. */
const PROGRAM = `
const source = { url: config.requireSecret("url"), path: "/feed/{streamId}" };
const processor = { entry: "./processor.ts" };
new StreamIngestion("inside", { source, processor, api: { allowedCidrs: ["127.0.0.0/8"] } });
new StreamIngestion("outside", { source, processor, api: { allowedCidrs: ["203.0.113.0/24"] } });`;
const PROCESSOR = `export const handler = async () => {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = process.env;
  console.log(JSON.stringify({ shown: { accessKeyId, secretAccessKey } }));
};`;

describe("access to the connection API, on the local stack", () => {
  let upstream: Upstream;
  let deployment: LocalDeployment;
  let apiUrl: string;
  let outsideUrl: string;
  let call: Pick<Call, "credentials" | "region">;

  before(async () => {
    upstream = await startUpstream();
    upstream.on("prices", ticking("price"));
    deployment = await deployLocally({
      program: PROGRAM,
      processor: PROCESSOR,
      secrets: { url: upstream.url },
      hopSeconds: 60,
    });
    const { cloud, instances } = deployment.stack;
    apiUrl = instances.find(({ name }) => name === "inside")!.apiUrl;
    outsideUrl = instances.find(({ name }) => name === "outside")!.apiUrl;
    call = { credentials: cloud.operator, region: cloud.region };
  });

  after(async () => {
    await deployment?.close();
    await upstream?.close();
  });

  const streams = async () => (await signedFetch({ ...call, url: `${apiUrl}/connections` })).body.connections;

  it("accepts a signed call from an allowed address", async () => {
    const { status, body } = await signedFetch({ ...call, url: `${apiUrl}/connections?limit=5` });
    assert.equal(status, 200);
    assert.deepEqual(body, { connections: [] });
  });

  it("rejects an unsigned call", async () => {
    const response = await fetch(`${apiUrl}/connections/forged`, { method: "POST" });
    assert.equal(response.status, 403);
    assert.deepEqual(await response.json(), { message: "Missing Authentication Token" });
  });

  const hourMs = 3_600_000;
  const changes: Record<string, () => Partial<Call>> = {
    "another region": () => ({ region: "us-gov-west-1" }),
    "another service": () => ({ service: "dynamodb" }),
    "an old date": () => ({ signedAt: new Date(Date.now() - hourMs) }),
    "a future date": () => ({ signedAt: new Date(Date.now() + hourMs) }),
    "a changed body": () => ({ tampered: { body: '{"resume":true }' } }),
    "a changed path": () => ({ tampered: { url: `${apiUrl}/connections/forged2` } }),
    "a query that was not signed": () => ({ tampered: { url: `${apiUrl}/connections/forged?limit=1` } }),
    "another method": () => ({ tampered: { method: "DELETE" } }),
    "an unknown key": () => ({ credentials: { ...call.credentials, accessKeyId: "AKIAIOSFODNN7EXAMPLE" } }),
    "a wrong secret": () => ({ credentials: { ...call.credentials, secretAccessKey: "wrong" } }),
  };
  for (const [name, change] of Object.entries(changes)) {
    it(`rejects a signature with ${name}`, async () => {
      const valid: Call = { ...call, url: `${apiUrl}/connections/forged`, method: "POST", body: '{"resume":true}' };
      const { status, body } = await signedFetch({ ...valid, ...change() });
      assert.equal(status, 403);
      assert.match(body.message, /./, "the response has a message");
    });
  }

  it("denies the operator from another address, although IAM allows the call", async () => {
    const { status, body } = await signedFetch({ ...call, url: `${outsideUrl}/connections` });
    assert.equal(status, 403);
    assert.match(body.Message, /explicit deny/);
  });

  it("writes nothing for rejected calls", async () => {
    assert.deepEqual(await streams(), []);
    const reached = deployment.events.filter((e) => e.kind === "log" && e.line.includes("forged"));
    assert.deepEqual(reached, [], "no rejected call invoked the function");
  });

  it("rejects a signed caller from an allowed address without the permission", async () => {
    assert.equal((await signedFetch({ ...call, url: `${apiUrl}/connections/prices`, method: "POST" })).status, 202);
    const shown = await deployment.seen("the processor's keys", (e) => e.kind === "log" && e.line.includes('"shown"'));
    assert.ok(shown.kind === "log");
    const credentials = JSON.parse(shown.line.slice(shown.line.indexOf("{"))).shown as Call["credentials"];
    const { status, body } = await signedFetch({ ...call, credentials, url: `${apiUrl}/connections` });
    assert.equal(status, 403);
    assert.match(body.Message, /not authorized to perform: execute-api:Invoke/);
  });

  it("rejects a body of 10 MB, and ids that change the path", async () => {
    const large = await signedFetch({
      ...call,
      url: `${apiUrl}/connections/large`,
      method: "POST",
      body: `{"resume":true${" ".repeat(10_000_000)}}`,
    });
    assert.equal(large.status, 413);
    for (const id of ["..%2F..%2Fadmin", "%252e%252e", "a%0d%0ax-evil:1", "a".repeat(129), "%23declared"]) {
      const { status, body } = await signedFetch({ ...call, url: `${apiUrl}/connections/${id}`, method: "POST" });
      assert.deepEqual([status, body.code], [400, "STREAM_ID_INVALID"], id);
    }
    assert.deepEqual(
      (await streams()).map((stream: { streamId: string }) => stream.streamId),
      ["prices"],
    );
  });

  describe("curl --aws-sigv4", () => {
    /** Status and body of an operator's call with curl. */
    async function ask(args: string[], { region = call.region, user = "" } = {}) {
      const { accessKeyId, secretAccessKey } = call.credentials as { accessKeyId: string; secretAccessKey: string };
      const { stdout } = await curl("curl", [
        ...["--silent", "--max-time", "10", "--write-out", "\n%{http_code}"],
        ...["--aws-sigv4", `aws:amz:${region}:execute-api`, "--user", user || `${accessKeyId}:${secretAccessKey}`],
        ...args,
      ]);
      const [body, status] = [stdout.slice(0, stdout.lastIndexOf("\n")), stdout.slice(stdout.lastIndexOf("\n") + 1)];
      return { status: Number(status), body: JSON.parse(body) };
    }

    it("starts, shows, lists and stops a stream", async () => {
      const url = `${apiUrl}/connections/prices`;
      await eventually("a live stream", async () => (await ask([url])).body.live || undefined);
      assert.equal((await ask(["-X", "POST", url])).status, 200);
      assert.equal((await ask([url])).body.desired, "open");
      assert.equal((await ask([`${apiUrl}/connections`])).body.connections.length, 1);
      const refused = await ask(["-X", "POST", "-H", "content-type: application/json", "-d", '{"fresh":1}', url]);
      assert.deepEqual([refused.status, refused.body.code], [400, "BODY_INVALID"]);
      assert.equal((await ask([`${apiUrl}/connections/nobody`])).status, 404);
      assert.equal((await ask(["-X", "DELETE", url])).status, 202);
    });

    it("fails without the right secret, region, or any signature", async () => {
      const url = `${apiUrl}/connections`;
      assert.equal(
        (await ask([url], { user: `${"accessKeyId" in call.credentials && call.credentials.accessKeyId}:x` })).status,
        403,
      );
      assert.equal((await ask([url], { region: "us-gov-west-1" })).status, 403);
      const { stdout } = await curl("curl", ["--silent", "--output", "/dev/null", "--write-out", "%{http_code}", url]);
      assert.equal(stdout, "403");
    });
  });

  describe("stream-ingestion", () => {
    const environment = { ...process.env };
    beforeEach(() => {
      const { accessKeyId, secretAccessKey } = deployment.stack.cloud.operator;
      Object.assign(process.env, {
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        AWS_REGION: deployment.stack.cloud.region,
        AWS_ENDPOINT_URL: deployment.stack.cloud.endpoint,
      });
    });
    afterEach(() => {
      process.env = { ...environment };
    });

    it("starts, lists, shows, tails and stops a stream", async () => {
      const flags = ["--api-url", apiUrl];
      const table = deployment.stack.instances.find(({ name }) => name === "inside")!.eventTables[0]!;
      assert.equal((await run(addStart, "start", "prices", ...flags)).exitCode, 0);
      await eventually("a live stream", async () => {
        const { exitCode, out } = await run(addStatus, "status", "prices", ...flags);
        return exitCode === 0 && /state +open/.test(out.join("\n")) ? out : undefined;
      });
      assert.match((await run(addList, "list", ...flags)).out[1]!, /^prices +(open|handing-over|starting)/);
      const tail = await run(addTail, "tail", "prices", "--table", table, "--count", "2", "--json");
      assert.deepEqual(tail.err, []);
      assert.match(JSON.parse(tail.out[1]!).data, /^\{"event":"price-\d+"\}$/);
      assert.equal((await run(addStop, "stop", "prices", ...flags)).exitCode, 0);
    });
  });
});
