import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { DynamoDBClient, paginateScan } from "@aws-sdk/client-dynamodb";
import { PutSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { decide, type Statement } from "../../local/cloud/access/policy";
import type { ResourceState } from "../../local/evaluate/stack-state";
import type { ConnectionView } from "../../runtime/control/api/view";
import { type Answer, lines, startUpstream, ticking, type Upstream } from "../fakes/upstream";
import { eventually } from "../local/event-log";
import { deployLocally, type LocalDeployment } from "./local-deployment";
import { signedFetch } from "./signed-fetch";

const ROOT = resolve(__dirname, "../..");
const marker = (name: string) => `${name}-${randomBytes(9).toString("hex")}`;
const SECRETS = {
  key: marker("KEY"),
  turned: marker("TURNED"),
  path: marker("PATH"),
  tenant: marker("TENANT"),
  token: marker("TOKEN"),
};

/** Only the URL is passed as a secret; the component marks the other values. `declared` is started by the list. */
const PROGRAM = `
const text = (name: string) => config.require(name);
const ingestion = new StreamIngestion("guarded", {
  source: {
    url: text("url"),
    path: "/" + text("path") + "/{streamId}",
    key: text("key"),
    headers: { "x-tenant": text("tenant") },
    query: { token: text("token") },
  },
  processor: { entry: "./processor.ts" },
  streams: ["declared"],
});
export const { secretArn, connectionTableName, tableName } = ingestion;`;

/** Prints its environment and each payload. Throws for one event, and exits for another. */
const PROCESSOR = `import { eachEvent } from "${ROOT}/runtime/processor/index";
const handle = eachEvent((event) => {
  if (event.data.includes("poison")) throw new Error("poisoned");
  if (event.data.includes("crash")) process.exit(1);
});
export const handler = async (payload: never, context: never) => {
  console.log(JSON.stringify({ payload, environment: process.env }));
  return handle(payload, context);
};`;

/** Refuses with the request's values in the response headers and body, as a debugging proxy does. */
function echo(status: number): Answer {
  return (response, { url, headers }) => {
    response.writeHead(status, { "content-type": "text/plain", "x-echo": String(headers.authorization) });
    response.end(`${headers.authorization} ${headers["x-tenant"]} ${url}`);
  };
}

describe("a full run on the local stack", () => {
  let upstream: Upstream;
  let deployment: LocalDeployment;
  const payloads: string[] = [];
  const answers: string[] = [];
  let refusedForKey = 0;

  async function ask(
    method: string,
    streamId?: string,
    body?: string,
  ): Promise<Awaited<ReturnType<typeof signedFetch>>> {
    const { cloud, instances } = deployment.stack;
    const path = streamId === undefined ? "/connections" : `/connections/${streamId}`;
    const url = instances[0]!.apiUrl + path;
    const answer = await signedFetch({ credentials: cloud.operator, region: cloud.region, method, url, body });
    answers.push(JSON.stringify(answer.body));
    // As its message says: a busy machine answers late.
    return (answer.body as { code?: string }).code === "UNAVAILABLE" ? ask(method, streamId, body) : answer;
  }

  const rowOf = async (streamId: string) => (await ask("GET", streamId)).body as ConnectionView;
  const becomes = (streamId: string, what: string, condition: (row: ConnectionView) => boolean) =>
    eventually(`${what} of ${streamId}`, async () => {
      const row = await rowOf(streamId);
      return condition(row) ? row : undefined;
    });

  const state = () => JSON.parse(readFileSync(join(deployment.dataDir, "stack.json"), "utf8")) as ResourceState[];
  const output = (name: string) => String(deployment.stack.outputs[name]);

  async function rotateKey(key: string) {
    const { endpoint, region, operator } = deployment.stack.cloud;
    const client = new SecretsManagerClient({ endpoint, region, credentials: operator });
    const { path, tenant, token } = SECRETS;
    const SecretString = JSON.stringify({
      url: upstream.url,
      path: `/${path}/{streamId}`,
      key,
      headers: { "x-tenant": tenant },
      query: { token },
    });
    await client.send(new PutSecretValueCommand({ SecretId: output("secretArn"), SecretString }));
  }

  before(async () => {
    upstream = await startUpstream();
    const accepted = new Set([`Bearer ${SECRETS.key}`, `Bearer ${SECRETS.turned}`]);
    upstream.on("declared", ticking("declared"));
    upstream.on("turning", (response, request, visit) => {
      if (accepted.has(String(request.headers.authorization)))
        return ticking(`turning-${visit}`)(response, request, visit);
      refusedForKey++;
      echo(401)(response, request, visit);
    });
    for (const status of [401, 404, 429, 500]) upstream.on(`status-${status}`, echo(status));
    upstream.on("html", (response, request) => {
      response
        .writeHead(200, { "content-type": "text/html" })
        .end(`<html>${request.url} ${request.headers.authorization}`);
    });
    upstream.on("redirect", (response, request) => {
      response.writeHead(302, { location: `ftp://${request.headers.authorization}@${request.url}` }).end();
    });
    upstream.on("reset", (response) => response.socket!.destroy());
    const large = randomBytes(600_000).toString("base64");
    upstream.on("trouble", lines(`{"poison":1}\n{"large":"${large}"}\n`, "stay"));
    upstream.on("crash", lines('{"crash":1}\n', "stay"));

    const { turned: _, ...others } = SECRETS;
    deployment = await deployLocally({
      program: PROGRAM,
      processor: PROCESSOR,
      secrets: { url: upstream.url, ...others },
      hopSeconds: 30,
    });
    const { functions } = deployment.stack.cloud;
    const { invoke, invokeAsync } = functions;
    functions.invoke = (call) => {
      payloads.push(call.payload);
      return invoke(call);
    };
    functions.invokeAsync = (call) => {
      payloads.push(call.payload);
      return invokeAsync(call);
    };

    for (const status of [401, 404, 429, 500]) await ask("POST", `status-${status}`);
    for (const streamId of ["html", "redirect", "reset", "turning", "trouble", "crash"]) await ask("POST", streamId);
    await becomes("turning", "a first event", ({ counters }) => counters.stored > 0);
    await rotateKey(SECRETS.turned);
    accepted.delete(`Bearer ${SECRETS.key}`);
    upstream.drop("turning");
  });

  after(async () => {
    await deployment?.close();
    await upstream?.close();
  });

  it("uses a rotated key at once after a 401 for the old one", async () => {
    await becomes("turning", "a connection with the new key", ({ live, connectedSince }) => {
      const last = upstream.requestsOf("turning").at(-1)!;
      return live && connectedSince !== undefined && last.headers.authorization === `Bearer ${SECRETS.turned}`;
    });
    assert.ok(refusedForKey <= 2, `one refusal a connection is enough, got ${refusedForKey}`);
    const { status } = await rowOf("turning");
    assert.notEqual(status, "failed");
  });

  it("starts a stream that failed because of its key again after the rotation", async () => {
    await becomes("status-401", "failure", ({ status }) => status === "failed");
    const before = upstream.requestsOf("status-401").length;
    await rotateKey(marker("AGAIN"));
    await eventually("another visit", async () => upstream.requestsOf("status-401").length > before || undefined);
  });

  it("completes handovers and failures of every kind", async () => {
    await becomes("declared", "a handover", ({ handover }) => (handover?.count ?? 0) > 0);
    for (const streamId of ["status-404", "html"])
      await becomes(streamId, "failure", ({ status }) => status === "failed");
    for (const streamId of ["status-429", "status-500", "redirect", "reset"])
      await becomes(streamId, "an error", ({ lastError }) => lastError !== undefined);
    await becomes("trouble", "both events", ({ counters }) => counters.stored >= 2);
    const put = (prefix: string) => (e: (typeof deployment.events)[number]) =>
      e.kind === "call" && e.action === "s3:PutObject" && e.resource.includes(prefix);
    await deployment.seen("a failed event in the bucket", put("/failures/"));
    await deployment.seen("a failed batch in the bucket", put("/aws/lambda/"));
    await ask("DELETE", "turning");
    await ask("GET");
    await ask("POST", "nobody", "{");
    await ask("DELETE", "never-started");
  });

  describe("afterwards", () => {
    before(async () => {
      await deployment.stack.stopStreams(120_000);
      // The counter of repeats gets the copies of the handovers twice, and reads the row to see that they are counted.
      deployment.stack.cloud.faults.add({
        match: { action: "lambda:DeliverBatch", resource: "*repeat-counter*" },
        effect: { kind: "repeat" },
      });
      await deployment.stack.drain(120_000);
    });

    it("a secret is only in Secrets Manager", async () => {
      const { endpoint, region, operator } = deployment.stack.cloud;
      const client = new DynamoDBClient({ endpoint, region, credentials: operator });
      const rows: string[] = [];
      for (const TableName of [output("connectionTableName"), output("tableName")])
        for await (const { Items = [] } of paginateScan({ client }, { TableName })) rows.push(JSON.stringify(Items));
      const plainState = state().map(({ outputs, secretOutputs, ...rest }) => {
        const plain = Object.entries(outputs).filter(([name]) => !secretOutputs.includes(name));
        return JSON.stringify([rest, Object.fromEntries(plain)]);
      });
      const places: Record<string, readonly string[]> = {
        "lines, calls and other events": deployment.events.map((event) => JSON.stringify(event)),
        "reports of the program": deployment.reports,
        "outputs of the stack": [JSON.stringify(deployment.stack.outputs)],
        "plain state": plainState,
        "answers of the API": answers,
        "payloads of invocations": payloads,
        "rows and items": rows,
      };
      for (const [place, texts] of Object.entries(places)) {
        assert.ok(
          texts.some((text) => text.length > 2) || place.startsWith("reports"),
          `nothing was looked at: ${place}`,
        );
        for (const [name, secret] of Object.entries(SECRETS)) {
          const found = texts.find((text) => text.includes(secret));
          assert.equal(found, undefined, `${name} stands in ${place}: ${found?.slice(0, 500)}`);
        }
      }
    });

    it("the search covered errors with upstream text, payloads and environments", () => {
      const lines = deployment.events.flatMap((e) => (e.kind === "log" ? [e.line] : [])).join("\n");
      assert.match(lines, /"environment":\{/);
      assert.match(answers.join("\n"), /The source answered 401: .*\*\*\*/);
      assert.match(lines, /The source answered 500: .*\*\*\*/);
      assert.ok(payloads.some((payload) => payload.includes('"streams":[{"streamId":"turning"')));
    });

    it("no call was denied", () => {
      const denied = deployment.events.filter((event) => event.kind === "call" && !event.allowed);
      assert.deepEqual(denied, []);
    });

    it("every granted action was used on every granted resource", () => {
      const resources = state();
      const roles = new Map<unknown, string | undefined>();
      for (const { type, outputs } of resources) {
        const { name, role, target } = outputs as { name?: string; role?: string; target?: { roleArn: string } };
        if (type === "aws:lambda/function:Function") roles.set(name, role?.split("/").at(-1));
        if (type === "aws:scheduler/schedule:Schedule") roles.set(name, target?.roleArn.split("/").at(-1));
      }
      const calls = deployment.events.flatMap((event) => (event.kind === "call" ? [event] : []));
      const unused: string[] = [];
      let granted = 0;
      for (const { type, name, outputs } of resources) {
        if (type !== "aws:iam/rolePolicy:RolePolicy") continue;
        const { Statement } = JSON.parse(String(outputs.policy)) as { Statement: Statement[] };
        const own = calls.filter(({ caller }) => roles.get(caller) === outputs.role);
        assert.ok(own.length > 0, `${name}: no call was made with this policy`);
        for (const { Action = [], Resource = [] } of Statement) {
          for (const action of [Action].flat()) {
            for (const resource of [Resource].flat()) {
              granted++;
              const grant = { Statement: { Effect: "Allow", Action: action, Resource: resource } } as const;
              if (!own.some((call) => decide([grant], call) === "allow"))
                unused.push(`${name}: ${action} on ${resource}`);
            }
          }
        }
      }
      assert.ok(granted > 20, `the policies were looked at: ${granted} grants`);
      assert.deepEqual(unused, []);
    });

    it("no policy grants a wildcard action or resource", () => {
      for (const { type, name, outputs } of state()) {
        if (type !== "aws:iam/rolePolicy:RolePolicy") continue;
        const { Statement } = JSON.parse(String(outputs.policy)) as { Statement: Statement[] };
        for (const { Action = [], Resource = [] } of Statement) {
          for (const action of [Action].flat()) assert.match(action, /^[a-z0-9]+:[A-Za-z]+$/, name);
          // ListStreams has no resource-level permissions in AWS.
          if (String(Action) !== "dynamodb:ListStreams")
            for (const resource of [Resource].flat()) assert.match(resource, /^arn:aws:[a-z0-9]+:[^*]+/, name);
        }
      }
    });
  });
});
