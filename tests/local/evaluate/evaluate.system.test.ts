import assert from "node:assert/strict";
import type { Answers } from "../../../local/evaluate/answers";
import { mergeConfig } from "../../../local/evaluate/config";
import { createDeployment, stackOutputs } from "../../../local/evaluate/deployment";
import { evaluate } from "../../../local/evaluate/evaluate";
import { readProject } from "../../../local/evaluate/project";
import type { StackState } from "../../../local/evaluate/stack-state";
import { cloud, fakeHandlers } from "./fake-handlers";
import { programFolder } from "./program-folder";

const AWS = `import * as pulumi from "@pulumi/pulumi";
import * as sqs from "@pulumi/aws/sqs";
import * as sns from "@pulumi/aws/sns";
`;

describe("evaluate", () => {
  const folders: { remove(): void }[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) folder.remove();
  });

  async function run(
    files: Record<string, string>,
    options: {
      before?: StackState;
      secrets?: Record<string, string>;
      config?: Record<string, string>;
      sdk?: string;
      answers?: Answers;
    } = {},
  ) {
    const folder = programFolder(files, options.sdk);
    folders.push(folder);
    const { resourceHandlers, calls, created } = fakeHandlers();
    const reports: string[] = [];
    const lines: string[] = [];
    const project = readProject(folder.path);
    const deployment = createDeployment({
      cloud,
      resourceHandlers,
      before: options.before ?? [],
      restarted: false,
      report: (sentence) => reports.push(sentence),
      ...options.answers,
    });
    const config = mergeConfig(
      project,
      {},
      { config: options.config ?? {}, secrets: options.secrets ?? {} },
      "Pulumi.local.yaml",
    );
    const state = await evaluate({ project, stack: "local", config, deployment, onLine: (line) => lines.push(line) });
    return { state, calls, created, reports, lines, folder: folder.path };
  }

  it("answers references to stacks and functions of the provider, and says how to answer others", async () => {
    const files = {
      "index.ts": `${AWS}import { getParameterOutput } from "@pulumi/aws/ssm/getParameter";
        const network = new pulumi.StackReference("org/network/prod");
        export const vpc = network.requireOutput("vpc");
        export const subnets = network.getOutput("subnets");
        export const host = getParameterOutput({ name: "/host" }).value;`,
    };
    const invokes = { "aws:ssm/getParameter:getParameter": '{"value":"db.example"}' };
    const { state } = await run(files, { answers: { stackOutputs: { vpc: "vpc-1", subnets: '["a","b"]' }, invokes } });
    assert.deepEqual(stackOutputs(state).outputs, { vpc: "vpc-1", subnets: ["a", "b"], host: "db.example" });
    await assert.rejects(run(files, { answers: { invokes } }), {
      message:
        'The program reads the outputs of the stack "org/network/prod", which do not exist locally. Pass each with --stack-output NAME=VALUE.',
    });
    await assert.rejects(
      run(files, { answers: { stackOutputs: { vpc: "vpc-1" } } }),
      /calls aws:ssm\/getParameter:getParameter, .* Answer it with --invoke 'aws:ssm\/getParameter:getParameter=\{…\}'/,
    );
  });

  it("creates what a program registers, in the order of dependencies, and returns its exports", async () => {
    const { state, calls, created } = await run({
      "index.ts": `${AWS}
        const first = new sqs.Queue("first", { delaySeconds: 3 });
        new sqs.Queue("second", { policy: first.arn }, { parent: first });
        export const arn = first.arn;
        export const where: string = process.cwd();`,
    });
    assert.deepEqual(calls, ["create first", "create second"]);
    assert.equal(created[1]?.inputs.policy, "arn:first");
    assert.equal(created[1]?.urn, "urn:pulumi:local::sample::aws:sqs/queue:Queue$aws:sqs/queue:Queue::second");
    assert.equal(stackOutputs(state).outputs.arn, "arn:first");
  });

  it("unwraps secrets for the handler and marks the outputs that contain them", async () => {
    const { state, created } = await run(
      {
        "index.ts": `${AWS}
          const queue = new sqs.Queue("q", { policy: new pulumi.Config().requireSecret("key") });
          export const policy = queue.policy;
          export const secret = pulumi.isSecret(queue.policy);
          export const plain = pulumi.isSecret(queue.arn);`,
      },
      { secrets: { key: "hush" } },
    );
    assert.equal(created[0]?.inputs.policy, "hush");
    const { outputs, secretOutputs } = stackOutputs(state);
    assert.deepEqual(outputs, { policy: "hush", secret: true, plain: false });
    assert.deepEqual(secretOutputs, ["policy"]);
  });

  for (const sdk of [undefined, "pulumi-oldest"]) {
    const named = sdk === undefined ? "the SDK that is installed" : "the oldest SDK that is promised to work";
    const queue = `import * as pulumi from "@pulumi/pulumi";
      class Queue extends pulumi.CustomResource {
        declare readonly arn: pulumi.Output<string>;
        constructor(name: string, args: object, type = "aws:sqs/queue:Queue") {
          super(type, name, { arn: undefined, ...args });
        }
      }`;

    it(`answers region and account to a program on ${named}`, async () => {
      const { state, created } = await run(
        {
          "index.ts": `${queue}
            const policy = pulumi.runtime.invokeOutput("aws:index/getRegion:getRegion", {}).apply((r: { name: string }) => r.name);
            export const arn = new Queue("q", { policy: pulumi.secret(policy) }).arn;`,
        },
        { sdk },
      );
      assert.equal(created[0]?.inputs.policy, "eu-west-1");
      assert.equal(stackOutputs(state).outputs.arn, "arn:q");
    });

    it(`rejects the use of an unknown output by a program on ${named}`, async () => {
      const program = {
        "index.ts": `${queue} new Queue("q", { policy: new Queue("t", {}, "aws:sns/topic:Topic").arn.apply((a) => a) });`,
      };
      await assert.rejects(run(program, { sdk }), /takes `policy` from aws:sns\/topic:Topic "t"/);
    });

    it(`shows the error of an invoke to a program on ${named}`, async () => {
      const program = {
        "index.ts": `${queue} export const ami = pulumi.runtime.invokeOutput("aws:ec2/getAmi:getAmi", {});`,
      };
      await assert.rejects(
        run(program, { sdk }),
        /calls aws:ec2\/getAmi:getAmi, which the local stack does not support/,
      );
    });
  }

  it("runs an ES module without tsconfig, with imports of .js names", async () => {
    const { calls } = await run({
      "package.json": `{ "type": "module" }`,
      "index.ts": `import { make } from "./make.js"; export default async () => { make("one" as string); return { done: 1 }; };`,
      "make.ts": `import * as sqs from "@pulumi/aws/sqs/index.js"; export const make = (name: string) => new sqs.Queue(name);`,
    });
    assert.deepEqual(calls, ["create one"]);
  });

  it("runs in the folder of `main` in Pulumi.yaml", async () => {
    const { state } = await run({
      "Pulumi.yaml": "name: sample\nruntime:\n  name: nodejs\nmain: infra/program.ts\n",
      "infra/program.ts": `import { suffix } from "./suffix"; export const cwd = process.cwd() + suffix;`,
      "infra/suffix.ts": `export const suffix: string = "!";`,
    });
    assert.match(String(stackOutputs(state).outputs.cwd), /\/infra!$/);
  });

  it("rejects two resources with the same URN", async () => {
    const program = { "index.ts": `${AWS} new sqs.Queue("same"); new sqs.Queue("same");` };
    await assert.rejects(
      run(program),
      /Two resources have the URN urn:pulumi:local::sample::aws:sqs\/queue:Queue::same/,
    );
  });

  it("rejects with the first failed resource, not with one that depends on it", async () => {
    const program = {
      "index.ts": `${AWS}
        const bad = new sqs.Queue("bad", { policy: "broken" });
        new sqs.Queue("after", { policy: bad.arn });
        export const arn = bad.arn;`,
    };
    await assert.rejects(run(program), { message: 'aws:sqs/queue:Queue "bad" failed: the policy is broken' });
  });

  it("skips an unsupported type and reports it once", async () => {
    const { calls, reports } = await run({
      "index.ts": `${AWS} new sns.Topic("a"); new sns.Topic("b"); new sqs.Queue("q");`,
    });
    assert.deepEqual(calls, ["create q"]);
    assert.equal(reports.length, 1);
    assert.match(reports[0] ?? "", /aws:sns\/topic:Topic "[ab]" is not supported locally and is skipped/);
  });

  for (const [what, code] of [
    ["a resource", 'new sqs.Queue("q", {}, { transforms: [({ props, opts }) => ({ props, opts })] });'],
    [
      "the stack",
      'pulumi.runtime.registerResourceTransform(({ props, opts }) => ({ props, opts }));\nnew sqs.Queue("q");',
    ],
  ])
    it(`refuses transforms of ${what}, which only the engine applies`, async () => {
      await assert.rejects(run({ "index.ts": AWS + code }), / has `transforms`, which only Pulumi's engine applies/);
    });

  it("fails when a supported resource needs the output of a skipped one", async () => {
    const program = {
      "index.ts": `${AWS} new sqs.Queue("q", { policy: pulumi.jsonStringify({ to: new sns.Topic("t").arn }) });`,
    };
    await assert.rejects(
      run(program),
      /"q" takes `policy` from aws:sns\/topic:Topic "t" that the local stack does not model/,
    );
  });

  it("updates, replaces and deletes what changed, and keeps the rest", async () => {
    const queues = (body: string) => ({ "index.ts": `${AWS} ${body}` });
    const first = await run(
      queues(
        `new sqs.Queue("same"); new sqs.Queue("changed", { delaySeconds: 1 }); new sqs.Queue("remade"); new sqs.Queue("gone");`,
      ),
    );
    const second = await run(
      queues(`new sqs.Queue("same"); new sqs.Queue("changed", {}); new sqs.Queue("remade", { fifoQueue: true });`),
      { before: first.state },
    );
    assert.deepEqual(second.calls.slice(0, 2).sort(), ["create remade", "update changed"]);
    assert.deepEqual(second.calls.slice(2), ["delete gone-id", "delete remade-id"]);
  });

  it("does not delete a resource with retainOnDelete", async () => {
    const first = await run({ "index.ts": `${AWS} new sqs.Queue("kept", {}, { retainOnDelete: true });` });
    const second = await run({ "index.ts": "" }, { before: first.state });
    assert.deepEqual(second.calls, []);
  });

  it("compares an archive by its content", async () => {
    const program = (code: string) => ({
      "index.ts": `${AWS} const code = new pulumi.asset.AssetArchive({ "index.js": new pulumi.asset.StringAsset("${code}") });
        new pulumi.CustomResource("aws:sqs/queue:Queue", "q", { code });`,
    });
    const first = await run(program("one"));
    const archive = first.created[0]?.inputs.code as { files: Map<string, Buffer> };
    assert.equal(archive.files.get("index.js")?.toString(), "one");
    assert.deepEqual((await run(program("one"), { before: first.state })).calls, []);
    assert.deepEqual((await run(program("two"), { before: first.state })).calls, ["update q"]);
  });

  it("names file and line of a program that does not compile", async () => {
    await assert.rejects(run({ "index.ts": "const a = 1;\nconst = 2;" }), /index\.ts:2:6/);
  });

  it("names the line of a program that throws", async () => {
    await assert.rejects(
      run({ "index.ts": `export const a = 1;\nthrow new TypeError("no");` }),
      /TypeError: no\n.*index\.ts/,
    );
  });

  it("prints only the message of a RunError", async () => {
    const program = { "index.ts": `import { RunError } from "@pulumi/pulumi"; throw new RunError("Set url first.");` };
    await assert.rejects(run(program), { message: "Set url first." });
  });

  it("forwards what the program prints", async () => {
    const { lines } = await run({ "index.ts": `console.log("hello");` });
    assert.deepEqual(lines, ["hello"]);
  });

  it("ends at once when it is aborted", async () => {
    const folder = programFolder({
      "index.ts": "export default () => new Promise(() => setInterval(() => {}, 1000));",
    });
    folders.push(folder);
    const project = readProject(folder.path);
    const deployment = createDeployment({
      cloud,
      resourceHandlers: new Map(),
      before: [],
      restarted: false,
      report: () => {},
    });
    const config = { values: {}, secretKeys: [] };
    const stop = new AbortController();
    const evaluation = evaluate({ project, stack: "local", config, deployment, onLine: () => {}, signal: stop.signal });
    setImmediate(() => stop.abort());
    await assert.rejects(evaluation, /ended early \(SIGKILL\)/);
  });
});
