import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import type { CloudEvent } from "../../../../local/cloud/cloud-event";
import { MAX_RECURSION } from "../../../../local/services/lambda/recursion";
import { resourceHandlers } from "../../../../local/services/services";
import { startServer } from "../../../fakes/http-server";
import { archive, type CloudFixture, isInit, isLog, isPhase, LOG_RIGHTS, startFixture } from "../../cloud-fixture";

const isPut = (event: CloudEvent): event is Extract<CloudEvent, { kind: "call" }> =>
  event.kind === "call" && event.action === "dynamodb:PutItem";

describe("local functions", () => {
  let fixture: CloudFixture;
  let lambda: LambdaClient;

  beforeEach(async () => {
    // Waits between asynchronous retries are divided by 180.
    fixture = await startFixture({ hopSeconds: 5 });
    lambda = new LambdaClient(fixture.client);
  });

  afterEach(async () => {
    lambda.destroy();
    await fixture.cloud.close();
  });

  async function invoke(name: string, event: unknown = {}, type: "Event" | "RequestResponse" = "RequestResponse") {
    const Payload = JSON.stringify(event);
    const answer = await lambda.send(new InvokeCommand({ FunctionName: name, Payload, InvocationType: type }));
    const text = answer.Payload?.length ? answer.Payload.transformToString() : "null";
    return { status: answer.StatusCode, error: answer.FunctionError, value: JSON.parse(text) };
  }

  const pids = (name: string) => fixture.cloud.functions.environments(name).map(({ pid }) => pid);

  it("run the uploaded code with an event and Lambda's context, and return its result", async () => {
    const { name, arn } = await fixture.createFunction(
      "echo",
      `exports.handler = async (event, context) => ({
        event, arn: context.invokedFunctionArn, left: context.getRemainingTimeInMillis(), id: context.awsRequestId.length
      });`,
      { inputs: { timeout: 100 } },
    );
    const { value } = await invoke(name!, { hello: "wörld" });
    assert.deepEqual(value.event, { hello: "wörld" });
    assert.equal(value.arn, arn);
    assert.equal(value.id, 36);
    assert.ok(value.left > 50_000 && value.left <= 100_000, `left ${value.left}`);
  });

  it("reject a handler with a callback, as Lambda does", async () => {
    const { name } = await fixture.createFunction("callback", "exports.handler = (event, context, callback) => {};");
    const { error, value } = await invoke(name!);
    assert.equal(error, "Unhandled");
    assert.match(value.errorMessage, /^index\.handler takes a callback/);
  });

  it("run Python: its handler gets the event and Lambda's context, and what it raises is the answer", async () => {
    const code = `
import json, os, sys
calls = 0
def handler(event, context):
    global calls
    calls += 1
    print(json.dumps({"printed": event["n"]}))
    if event["n"] < 0:
        raise ValueError("negative: ü")
    return [event["n"] + 1, calls, context.function_name, context.get_remaining_time_in_millis() > 0, os.environ.get("SECRET")]
`;
    const files = new Map([["app.py", Buffer.from(code)]]);
    const { name } = await fixture.createFunction("python", "", {
      inputs: { runtime: "python3.13", handler: "app.handler", code: { kind: "archive", hash: "1", files } },
    });
    assert.deepEqual((await invoke(name!, { n: 1 })).value, [2, 1, name, true, null]);
    const { error, value } = await invoke(name!, { n: -1 });
    assert.deepEqual([error, value.errorType, value.errorMessage], ["Unhandled", "ValueError", "negative: ü"]);
    assert.deepEqual((await invoke(name!, { n: 2 })).value, [3, 3, name, true, null]);
    const isPrinted = (event: CloudEvent) => isLog(event) && event.line === '{"printed": 1}';
    await fixture.seen(isPrinted as (event: CloudEvent) => event is CloudEvent);
  });

  it("have their own and Lambda's environment, and not the developer's", async () => {
    process.env.AWS_PROFILE = "production";
    process.env.SECRET_OF_THE_DEVELOPER = "x";
    try {
      const { name } = await fixture.createFunction("env", "exports.handler = async () => process.env;", {
        inputs: { environment: { variables: { TABLE: "events" } }, memorySize: 256 },
      });
      const { value } = await invoke(name!);
      assert.equal(value.TABLE, "events");
      assert.equal(value.AWS_LAMBDA_FUNCTION_NAME, name);
      assert.equal(value.AWS_LAMBDA_FUNCTION_MEMORY_SIZE, "256");
      assert.equal(value.AWS_ENDPOINT_URL, fixture.cloud.endpoint);
      const allowed = /^(AWS_|_X_AMZN_TRACE_ID|_HANDLER|LAMBDA_TASK_ROOT|NODE_CHANNEL|LANG|TZ|PATH|HOME|TABLE)/;
      assert.deepEqual(
        Object.keys(value).filter((key) => !allowed.test(key)),
        [],
      );
      assert.equal(value.AWS_PROFILE, undefined);
    } finally {
      delete process.env.AWS_PROFILE;
      delete process.env.SECRET_OF_THE_DEVELOPER;
    }
  });

  it("reuse an environment, and are frozen between invocations", async () => {
    const { name } = await fixture.createFunction(
      "counter",
      `let calls = 0, last = Date.now(), longest = 0;
      const tick = () => {
        longest = Math.max(longest, Date.now() - last);
        last = Date.now();
      };
      setInterval(tick, 5);
      exports.handler = async () => {
        tick();
        return { calls: ++calls, longest };
      };`,
    );
    await invoke(name!);
    // The environment is frozen before the answer is sent, so the wait is a part of the pause.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const { value } = await invoke(name!);
    assert.equal(value.calls, 2);
    assert.ok(value.longest >= 900, `the longest pause was ${value.longest} ms`);
    assert.equal(pids(name!).length, 1);
  });

  /** A handler that returns its pid once `count` invocations have begun, or `open` was called. */
  async function gate(count: number) {
    const waiting: ServerResponse[] = [];
    let isOpen = false;
    const open = () => {
      isOpen = true;
      for (const response of waiting.splice(0)) response.end();
    };
    const server = await startServer((_, response) => {
      if (waiting.push(response) >= count || isOpen) open();
    });
    return {
      ...server,
      open,
      code: `exports.handler = async () => { await fetch("${server.url}"); return process.pid; };`,
    };
  }

  it("use one environment per concurrent invocation", async () => {
    const all = await gate(3);
    const { name } = await fixture.createFunction("slow", all.code);
    const answers = await Promise.all([invoke(name!), invoke(name!), invoke(name!)]);
    assert.equal(new Set(answers.map(({ value }) => value)).size, 3);
    await all.close();
  });

  it("are throttled when all reserved environments are busy", async () => {
    const never = await gate(2);
    const { name } = await fixture.createFunction("reserved", never.code, {
      inputs: { reservedConcurrentExecutions: 1 },
    });
    const once = new LambdaClient({ ...fixture.client, maxAttempts: 1 });
    const running = invoke(name!);
    await fixture.seen(isPhase("start"));
    await assert.rejects(once.send(new InvokeCommand({ FunctionName: name })), { name: "TooManyRequestsException" });
    never.open();
    await running;
    once.destroy();
    await never.close();
  });

  it("return a thrown error as Lambda does", async () => {
    const { name } = await fixture.createFunction(
      "bad",
      `exports.handler = async () => { throw new TypeError("no"); };`,
    );
    const { status, error, value } = await invoke(name!);
    assert.deepEqual([status, error], [200, "Unhandled"]);
    assert.deepEqual([value.errorType, value.errorMessage], ["TypeError", "no"]);
  });

  it("log a thrown error once, in their log format, with the request id and the folder of the code on Lambda", async () => {
    const inputs = { loggingConfig: { logFormat: "JSON" } };
    const { name } = await fixture.createFunction("throws", `exports.handler = () => { throw new TypeError("no"); };`, {
      inputs,
    });
    await invoke(name!);
    const [log] = await fixture.seen(isLog);
    const { level, requestId, errorType, errorMessage, stackTrace } = JSON.parse(log!.line);
    assert.deepEqual([level, errorType, errorMessage], ["ERROR", "TypeError", "no"]);
    assert.equal(requestId, (await fixture.seen(isPhase("error")))[0]?.requestId);
    assert.match(stackTrace[1], /\/var\/task\/index\.js:1:\d+/);
    const text = await fixture.createFunction("throws-text", `exports.handler = () => { throw new TypeError("no"); };`);
    const { value } = await invoke(text.name!);
    assert.match(value.trace[1], /\/var\/task\/index\.js/);
    const lines = await fixture.seen(isLog, 2);
    assert.match(lines[1]!.line, /\tERROR\tInvoke Error \t\{"errorType":"TypeError","errorMessage":"no","stack":\[/);
  });

  it("report, log and return an error of their code, and load it again for the next invocation", async () => {
    const { name } = await fixture.createFunction("unloadable", `require("not-in-the-bundle");`);
    fixture.cloud.functions.prepare(name!);
    const [first] = await fixture.seen(isInit);
    assert.match(first!.error!.errorMessage, /not-in-the-bundle/);
    assert.match((await fixture.seen(isLog))[0]!.line, /Init Error .*not-in-the-bundle/);
    assert.match((await invoke(name!)).value.errorMessage, /not-in-the-bundle/);
    const [, second] = await fixture.seen(isInit, 2);
    assert.notEqual(second!.pid, first!.pid);
  });

  it("serve the first invocation with the environment that was prepared, and prepare one only", async () => {
    const { name } = await fixture.createFunction("prepared", "exports.handler = async () => process.pid;");
    for (const _ of [1, 2]) fixture.cloud.functions.prepare(name!);
    const [init, ...others] = await fixture.seen(isInit);
    assert.deepEqual([init!.error, others], [undefined, []]);
    assert.equal((await invoke(name!)).value, init!.pid);
  });

  it("find the AWS SDK, which Lambda provides, and no other package that is not in the bundle", async () => {
    const code = `
      const { DynamoDBClient } = require("@aws-sdk/client-dynamodb");
      exports.handler = async (name) => [typeof DynamoDBClient, typeof (await import("@aws-sdk/client-s3")).S3Client, typeof require(name)];`;
    const { name } = await fixture.createFunction("sdk", code);
    assert.deepEqual((await invoke(name!, "node:fs")).value, ["function", "function", "object"]);
    assert.match((await invoke(name!, "commander")).value.errorMessage, /Cannot find (module|package) 'commander'/);
  });

  it("log that the process ended, or that the time was over", async () => {
    const ends = await fixture.createFunction("ends", "exports.handler = async () => process.exit(3);");
    const hangs = await fixture.createFunction("hangs", "exports.handler = () => new Promise(() => {});", {
      inputs: { timeout: 1 },
    });
    await invoke(ends.name!);
    await invoke(hangs.name!);
    const [ended, timedOut] = await fixture.seen(isLog, 2);
    assert.equal(ended!.line, `RequestId: ${ended!.requestId} Error: Process ended before it replied: exit status 3`);
    assert.match(timedOut!.line, new RegExp(`Z ${timedOut!.requestId} Task timed out after 1\\.00 seconds$`));
  });

  it("are named by their request id in the calls and changes that they make", async () => {
    const { name: table, arn } = await fixture.createTable("items");
    const { name } = await fixture.createFunction(
      "writer",
      `const { DynamoDBClient, PutItemCommand } = require("@aws-sdk/client-dynamodb");
      exports.handler = async (TableName) => {
        await new DynamoDBClient().send(new PutItemCommand({ TableName, Item: { id: { S: "a" }, n: { N: "1" } } }));
      };`,
      { allow: [LOG_RIGHTS, { Action: "dynamodb:PutItem", Resource: arn! }] },
    );
    await invoke(name!, table);
    const [{ requestId } = { requestId: "" }] = await fixture.seen(isPhase("end"));
    const [record] = await fixture.seen((event) => event.kind === "record");
    assert.deepEqual([record!.requestId, record!.image], [requestId, { id: { S: "a" }, n: { N: "1" } }]);
    const [call] = await fixture.seen(isPut);
    assert.equal(call!.requestId, requestId);
  });

  it("load their code before the timeout begins", async () => {
    const { name } = await fixture.createFunction(
      "slow-to-load",
      `const end = Date.now() + 3_200;
      while (Date.now() < end);
      exports.handler = async (event, context) => context.getRemainingTimeInMillis();`,
      { inputs: { timeout: 3 } },
    );
    const { error, value } = await invoke(name!);
    assert.equal(error, undefined);
    assert.ok(value > 0 && value <= 3_000, `${value} ms left`);
  });

  it("are killed at their timeout and start again", async () => {
    const { name } = await fixture.createFunction(
      "endless",
      "exports.handler = async (event) => event.fast ? process.pid : new Promise(() => {});",
      { inputs: { timeout: 3 } },
    );
    const { error, value } = await invoke(name!);
    assert.equal(error, "Unhandled");
    assert.match(value.errorMessage, /Task timed out after 3.00 seconds/);
    assert.equal((await fixture.seen(isPhase("timeout"))).length, 1);
    assert.equal((await invoke(name!, { fast: true })).error, undefined);
  });

  it("shorten a timeout of 900 s to `hopSeconds`", async () => {
    const { name } = await fixture.createFunction(
      "hop",
      "exports.handler = async (_, c) => c.getRemainingTimeInMillis();",
      {
        inputs: { timeout: 900 },
      },
    );
    assert.ok((await invoke(name!)).value <= 5_000);
  });

  it("are not in the process group of the local cloud, to which a terminal and a supervisor send signals", async () => {
    const { name } = await fixture.createFunction("apart", "exports.handler = async () => process.pid;");
    const pid = Number((await invoke(name!)).value);
    // Throws when no group has this number.
    process.kill(-pid, 0);
  });

  it("can be killed and suspended by pid", async () => {
    const { name } = await fixture.createFunction("victim", "exports.handler = async () => new Promise(() => {});");
    const running = invoke(name!);
    const pid = (await fixture.seen(isPhase("start")))[0]?.pid ?? 0;
    assert.deepEqual(pids(name!), [pid]);
    process.kill(pid, "SIGKILL");
    assert.equal((await running).error, "Unhandled");
    assert.equal((await fixture.seen(isPhase("killed"))).length, 1);
  });

  it("run new code in new environments after an update", async () => {
    const made = await fixture.createFunction("versioned", "exports.handler = async () => 1;");
    assert.equal((await invoke(made.name!)).value, 1);
    const inputs = { role: made.role, runtime: "nodejs24.x", code: archive("exports.handler = async () => 2;") };
    const type = "aws:lambda/function:Function";
    const before = { id: made.id!, outputs: made };
    await resourceHandlers
      .get(type)!
      .update(fixture.cloud, made.id!, before, { urn: "u", type, name: "versioned", inputs });
    assert.equal((await invoke(made.name!)).value, 2);
  });

  it("refuse an environment over 4 KB, and names that Lambda refuses, without the values", async () => {
    const create = (variables: Record<string, string>) =>
      fixture.createFunction("refused", "exports.handler = async () => {}", { inputs: { environment: { variables } } });
    await assert.rejects(create({ LARGE: "secret".repeat(700) }), {
      message: "Expected the environment to have at most 4096 bytes, got 4212.",
    });
    await assert.rejects(create({ "A-B": "secret" }), /got "A-B"/);
    await assert.rejects(create({ AWS_REGION: "secret" }), {
      message: 'Expected variables that Lambda does not set itself, got "AWS_REGION". Choose another name.',
    });
  });

  it("log only with the role's permission", async () => {
    const code = `exports.handler = async () => { console.log("line"); };`;
    const loud = await fixture.createFunction("loud", code);
    const mute = await fixture.createFunction("mute", code, { allow: [] });
    await invoke(mute.name!);
    await invoke(loud.name!);
    const [line] = await fixture.seen(isLog);
    assert.deepEqual([line?.functionName, line?.line], [loud.name, "line"]);
    const denied = fixture.events.filter((event) => event.kind === "call" && !event.allowed);
    assert.deepEqual(
      denied.map((event) => event.kind === "call" && [event.caller, event.action]),
      [[mute.name, "logs:CreateLogStream"]],
    );
  });

  describe("invoked asynchronously", () => {
    const failing = `exports.handler = async () => { throw new Error("again"); };`;

    it("run three times by default", async () => {
      const { name } = await fixture.createFunction("retried", failing);
      assert.equal((await invoke(name!, {}, "Event")).status, 202);
      await fixture.seen(isPhase("error"), 3);
    });

    it("run as often as their settings allow", async () => {
      const { name } = await fixture.createFunction("once", failing);
      await fixture.create("aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig", "once", {
        functionName: name,
        maximumRetryAttempts: 0,
      });
      await invoke(name!, {}, "Event");
      await fixture.seen(isPhase("error"));
      const { name: other } = await fixture.createFunction("retried", failing);
      await invoke(other!, {}, "Event");
      await fixture.seen(isPhase("error"), 4);
      assert.equal(
        fixture.events.filter(isPhase("error")).filter(({ functionName }) => functionName === name).length,
        1,
      );
    });

    it("are lost or delivered twice by a fault", async () => {
      const { name, arn } = await fixture.createFunction("counted", "exports.handler = async () => {};");
      const match = { action: "lambda:DeliverEvent", resource: arn };
      fixture.cloud.faults.add({ match, effect: { kind: "lose" }, times: 1 });
      fixture.cloud.faults.add({ match, effect: { kind: "repeat" }, times: 1 });
      await invoke(name!, {}, "Event");
      await invoke(name!, {}, "Event");
      await invoke(name!, {}, "Event");
      assert.equal((await fixture.seen(isPhase("end"), 3)).length, 3);
    });
  });

  describe("that invoke themselves", () => {
    const chain = `
      const { InvokeCommand, LambdaClient } = require(${JSON.stringify(require.resolve("@aws-sdk/client-lambda"))});
      exports.handler = async ({ hop }, context) => {
        if (hop < ${MAX_RECURSION + 2}) await new LambdaClient({}).send(new InvokeCommand({
          FunctionName: context.invokedFunctionArn, InvocationType: "Event", Payload: JSON.stringify({ hop: hop + 1 }),
        }));
      };`;
    const allow = [LOG_RIGHTS, { Action: "lambda:InvokeFunction", Resource: "*" }];

    it("are stopped after 16 invocations by the trace header that the SDK forwards", async () => {
      const { name } = await fixture.createFunction("chain", chain, { allow });
      await invoke(name!, { hop: 1 }, "Event");
      await fixture.seen(isPhase("loop-stopped"));
      assert.equal(fixture.events.filter(isPhase("start")).length, MAX_RECURSION);
    });

    it("continue when the recursion setting allows it", async () => {
      const { name } = await fixture.createFunction("chain", chain, { allow });
      await fixture.create("aws:lambda/functionRecursionConfig:FunctionRecursionConfig", "chain", {
        functionName: name,
        recursiveLoop: "Allow",
      });
      await invoke(name!, { hop: 1 }, "Event");
      await fixture.seen(isPhase("end"), MAX_RECURSION + 2);
      assert.equal(fixture.events.filter(isPhase("loop-stopped")).length, 0);
    });

    it("are denied without the role's permission", async () => {
      const { name } = await fixture.createFunction("chain", chain);
      const { value } = await invoke(name!, { hop: 1 });
      assert.equal(value.errorType, "AccessDeniedException");
      assert.match(
        value.errorMessage,
        /not authorized to perform: lambda:InvokeFunction on resource: .*because no identity/,
      );
    });
  });
});
