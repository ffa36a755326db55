import assert from "node:assert/strict";
import * as sns from "@pulumi/aws/sns";
import * as sqs from "@pulumi/aws/sqs";
import * as pulumi from "@pulumi/pulumi";
import { type ServedProvider, serveProvider } from "../../local/provider/serve";
import { UNKNOWN } from "../../local/resources/resource-handler";
import { cloud } from "../local/evaluate/fake-handlers";
import { createBackend, type EngineStack, failure } from "./engine-stack";
import { toyQueues } from "./toy-queues";

/** A queue with an archive, as a small test type. */
class Coded extends pulumi.CustomResource {}

describe("the provider under the Pulumi engine", () => {
  const backend = createBackend();
  const queues = toyQueues();
  const reports: string[] = [];
  let served: ServedProvider;
  let stack: EngineStack;

  const serve = () =>
    serveProvider({
      cloud,
      resourceHandlers: queues.resourceHandlers,
      stack: "local",
      directory: __dirname,
      report: (message) => reports.push(message),
    });

  before(async () => {
    served = await serve();
    stack = await backend.stack({ environment: served.environment });
  });
  after(() => {
    served.close();
    backend.remove();
  });
  beforeEach(() => {
    queues.calls.length = 0;
  });

  const program =
    (args: sqs.QueueArgs = {}) =>
    async () => {
      const first = new sqs.Queue("first", { delaySeconds: 3, ...args });
      const second = new sqs.Queue("second", { policy: first.arn }, { parent: first });
      return { arn: first.arn, second: second.arn };
    };

  it("creates the registered resources and returns computed outputs", async () => {
    const { outputs } = await stack.up(program());
    assert.deepEqual(queues.calls, ["create first", "create second"]);
    assert.equal(outputs.arn, "arn:first");
    assert.equal(queues.inputsOf("second").policy, "arn:first");
  });

  it("changes nothing when the same program runs again", async () => {
    const { changes } = await stack.up(program());
    assert.deepEqual(changes, { same: 3 });
    assert.deepEqual(queues.calls, []);
  });

  it("updates the resource whose argument changed, and detects a removed argument", async () => {
    const changed = await stack.up(program({ delaySeconds: 4 }));
    assert.deepEqual(
      changed.steps.map(({ op, name, changed }) => [op, name, changed]),
      [["update", "first", ["delaySeconds"]]],
    );
    const removed = await stack.up(program({ delaySeconds: undefined }));
    assert.deepEqual(
      removed.steps.map(({ op, changed }) => [op, changed]),
      [["update", ["delaySeconds"]]],
    );
    assert.equal(queues.inputsOf("first").delaySeconds, undefined);
  });

  it("ignores a change of an unsupported argument", async () => {
    const { changes } = await stack.up(program({ delaySeconds: undefined, sqsManagedSseEnabled: true }));
    assert.deepEqual(changes, { same: 3 });
  });

  it("replaces a resource when an argument that requires it changes", async () => {
    const { steps } = await stack.up(program({ delaySeconds: undefined, fifoQueue: true }));
    assert.deepEqual(
      steps.filter(({ name }) => name === "first").map(({ op }) => op),
      ["create-replacement", "replace", "delete-replaced"],
    );
    assert.deepEqual(queues.calls, ["create first", "delete first-1"]);
  });

  it("previews with unknown values, without creating a resource", async () => {
    const fresh = await backend.stack({ project: "unknowns", environment: served.environment });
    const known: unknown[] = [];
    await fresh.preview(async () => {
      const first = new sqs.Queue("first", { delaySeconds: 1 });
      first.arn.apply((arn) => known.push(arn));
      first.delaySeconds.apply((seconds) => known.push(seconds));
      new sqs.Queue("second", { policy: first.arn });
    });
    assert.deepEqual(known, [1]);
    assert.deepEqual(queues.calls, []);
    assert.ok(![...queues.inputs.values()].some((inputs) => Object.values(inputs).includes(UNKNOWN)));
  });

  it("keeps secret inputs and secret outputs encrypted in the state", async () => {
    const fresh = await backend.stack({ project: "secrets", environment: served.environment });
    const { outputs } = await fresh.up(async () => {
      const queue = new sqs.Queue("secret", { policy: pulumi.secret("open sesame") });
      return { policy: queue.policy, url: queue.url };
    });
    assert.equal(queues.inputsOf("secret").policy, "open sesame");
    assert.equal(outputs.policy, "open sesame");
    const state = fresh.checkpoint();
    assert.doesNotMatch(state, /open sesame/);
    assert.doesNotMatch(state, /token of secret/);
    await fresh.destroy();
  });

  it("compares code by its content", async () => {
    const fresh = await backend.stack({ project: "code", environment: served.environment });
    const coded =
      (text: string, name = "index.js") =>
      async () => {
        const code = new pulumi.asset.AssetArchive({ [name]: new pulumi.asset.StringAsset(text) });
        new Coded("aws:sqs/queue:Queue", "coded", { code });
      };
    await fresh.up(coded("1"));
    const { files } = queues.inputsOf("coded").code as { files: Map<string, Buffer> };
    assert.equal(files.get("index.js")?.toString(), "1");
    assert.deepEqual((await fresh.up(coded("1"))).changes, { same: 2 });
    assert.deepEqual((await fresh.up(coded("2"))).changes, { same: 1, update: 1 });
    assert.deepEqual((await fresh.up(coded("2", "main.js"))).changes, { same: 1, update: 1 });
    await fresh.destroy();
  });

  it("finds a deleted resource at a refresh and creates it again", async () => {
    queues.forget("second");
    assert.equal((await stack.refresh()).delete, 1);
    const { changes } = await stack.up(program({ delaySeconds: undefined, fifoQueue: true }));
    assert.equal(changes.create, 1);
  });

  it("imports an existing resource, and names a missing one", async () => {
    const fresh = await backend.stack({ project: "imports", environment: served.environment });
    const importing = (id: string) => async () => {
      new sqs.Queue("adopted", { delaySeconds: 9 }, { import: id, retainOnDelete: true });
    };
    queues.add("found", { delaySeconds: 9 });
    assert.equal((await fresh.up(importing("found"))).changes.import, 1);
    assert.deepEqual(queues.calls, []);
    await fresh.destroy();
    assert.match(await failure(fresh.up(importing("lost"))), /resource 'lost' does not exist/);
  });

  it("reports an unsupported type and skips it", async () => {
    const fresh = await backend.stack({ project: "unsupported", environment: served.environment });
    await fresh.up(async () => {
      const news = new sns.Topic("news", { displayName: "News" });
      new sns.Topic("more", {}, { dependsOn: news });
    });
    assert.deepEqual(reports, ['aws:sns/topic:Topic "news" is not supported locally and is skipped.']);
    await fresh.destroy();
  });

  it("names the failed resource and keeps the created ones", async () => {
    const fresh = await backend.stack({ project: "broken", environment: served.environment });
    const message = await failure(
      fresh.up(async () => {
        const good = new sqs.Queue("good");
        new sqs.Queue("bad", { policy: "broken" }, { dependsOn: good });
      }),
    );
    assert.match(message, /aws:sqs\/queue:Queue "bad" failed: the policy is broken/);
    assert.ok((await fresh.resources()).some(({ id }) => id?.startsWith("good-")));
    await fresh.destroy();
  });

  it("rejects every other stack before it creates a resource", async () => {
    const prod = await backend.stack({ name: "prod", environment: served.environment });
    const message = await failure(prod.up(program()));
    assert.match(message, /Expected a resource of the stack "local", got urn:pulumi:prod::prices::/);
    assert.match(message, /pulumi … --stack local/);
    assert.deepEqual(queues.calls, []);
  });

  it("creates the lost resources with the same ids after a restart", async () => {
    const ids = (await stack.resources()).map(({ id }) => id);
    served.close();
    served = await serve();
    stack = await backend.stack({ environment: served.environment });
    const { changes } = await stack.up(program({ delaySeconds: undefined, fifoQueue: true }));
    assert.equal(changes.update, 2);
    assert.deepEqual(
      (await stack.resources()).map(({ id }) => id),
      ids,
    );
    assert.deepEqual((await stack.up(program({ delaySeconds: undefined, fifoQueue: true }))).changes, { same: 3 });
  });

  it("deletes everything, children first", async () => {
    await stack.destroy();
    assert.match(queues.calls.join(), /^delete second-\d+,delete first-\d+$/);
  });
});
