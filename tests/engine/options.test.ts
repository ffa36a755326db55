import assert from "node:assert/strict";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { StreamIngestion } from "../../components/index";
import { program, type StartedCloud, startCloud } from "./deployment";
import { type Backend, createBackend, type EngineStack, failure, type StateResource, type Step } from "./engine-stack";

/** Types that AWS gives no tags, or that take them from another. */
const UNTAGGED =
  /:(TableItem|RolePolicy|FunctionRecursionConfig|FunctionEventInvokeConfig|Permission|SecretVersion|Bucket[A-Z]\w+|Resource|Method|Integration|Deployment|MethodSettings|Schedule|Dashboard)$/;

describe("what Pulumi's options do to StreamIngestion", () => {
  let backend: Backend;
  let engine: StartedCloud;
  let stack: EngineStack;
  before(async () => {
    backend = createBackend();
    engine = await startCloud();
    stack = await backend.stack({ environment: engine.environment });
  });
  after(async () => {
    await engine?.close();
    backend?.remove();
  });

  const children = async (): Promise<StateResource[]> =>
    (await stack.resources()).filter(({ type }) => type.startsWith("aws:"));

  it("gives every child the provider, the tags, the protection and the transform that the instance was given", async () => {
    await stack.up(async () => {
      const elsewhere = new aws.Provider("elsewhere", {
        region: "eu-west-1",
        defaultTags: { tags: { owner: "desk" } },
      });
      new StreamIngestion(
        "prices",
        { ...program.defaults, tags: { team: "markets" } },
        {
          providers: [elsewhere],
          protect: true,
          transform: {
            connectionManager: { reservedConcurrentExecutions: 5 },
            eventTable: (args) => ({ ...args, tableClass: "STANDARD_INFREQUENT_ACCESS" }),
          },
        },
      );
    });
    const all = await children();
    assert.ok(all.length > 35);
    const wrong = {
      provider: all.filter(({ provider }) => !provider?.includes("::elsewhere::")),
      protect: all.filter(({ protect }) => protect !== true),
      tags: all
        .filter(({ type }) => !UNTAGGED.test(type))
        .filter(({ inputs }) => (inputs?.tags as Record<string, string> | undefined)?.team !== "markets"),
    };
    const urns = Object.entries(wrong).map(([what, resources]) => [what, resources.map(({ urn }) => urn)]);
    assert.deepEqual(Object.fromEntries(urns), { provider: [], protect: [], tags: [] });
    const named = (name: string) => all.find(({ urn }) => urn.endsWith(`::${name}`))?.inputs ?? {};
    assert.equal(named("prices-connection-manager").reservedConcurrentExecutions, 5);
    assert.equal(named("prices-events").tableClass, "STANDARD_INFREQUENT_ACCESS");
  });

  it("refuses to destroy what is protected, and lets it go when it is no longer", async () => {
    assert.match(await failure(stack.destroy()), /protect/);
    await stack.up(program());
    await stack.destroy();
  });

  it("keeps every child when an alias leads it to a new name or a new parent", async () => {
    await stack.up(program({}, {}, "prices"));
    const renamed = await stack.up(program({}, { aliases: [{ name: "prices" }] }, "quotes"));
    assert.deepEqual(renamed.steps.filter(makesOrEnds), []);
    class Desk extends pulumi.ComponentResource {
      constructor() {
        super("desk:index:Desk", "desk");
        const { source, processor, removal } = program.defaults;
        new StreamIngestion(
          "quotes",
          { source, processor, removal },
          { parent: this, aliases: [{ parent: pulumi.rootStackResource }] },
        );
        this.registerOutputs({});
      }
    }
    const { steps } = await stack.up(async () => {
      new Desk();
    });
    assert.deepEqual(steps.filter(makesOrEnds), []);
    await stack.destroy();
  });
});

/** The dashboard bears its instance's name, and an account has no two of one name. */
const makesOrEnds = ({ type, op }: Step) => /^aws:(?!.*:Dashboard$)/.test(type) && op !== "update";
