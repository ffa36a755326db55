import assert from "node:assert/strict";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { componentProvider } from "../../plugin/provider";
import { COMPONENT_TYPE } from "../../runtime/contract";
import { REFUSED } from "../components/refused-arguments";
import { type Environment, evaluate, secretValue } from "../mocks/recording-monitor";
import { stateOf, unknownOutput } from "./outputs";

const entry = join(__dirname, "../examples/program/processor.ts");

describe("the component behind the provider protocol", () => {
  const { construct, getSchema } = componentProvider();
  const existing = { functionArn: "arn:aws:lambda:eu-west-1:123456789012:function:f", roleName: "f" };
  const source = { url: "https://stream.example.com", path: "/v1/{streamId}", key: pulumi.secret("k") };

  /** Constructs the component as the engine would for a program in another language. */
  async function constructed(
    inputs: pulumi.Inputs,
    options: pulumi.ComponentResourceOptions = {},
    environment: Environment = {},
  ) {
    let result: Awaited<ReturnType<NonNullable<typeof construct>>> | undefined;
    let failed: unknown;
    const evaluated = await evaluate(async () => {
      try {
        result = await construct!("prices", COMPONENT_TYPE, inputs, options);
      } catch (error) {
        failed = error;
      }
    }, environment);
    if (failed) throw failed;
    return { ...evaluated, result: result! };
  }

  it("creates the resources that a TypeScript program creates, and returns the outputs", async () => {
    const { one, result } = await constructed({ source, processor: existing });
    const secret = one("aws:secretsmanager/secretVersion:SecretVersion");
    assert.match(secretValue(secret.inputs.secretStringWo), /stream\.example\.com/);
    assert.deepEqual(Object.keys(result.state).sort(), [
      "apiUrl",
      "bucketName",
      "connectionTableName",
      "egressIps",
      "processorArn",
      "processorPolicyJson",
      "secretArn",
      "tableName",
    ]);
    assert.match(String((await stateOf(pulumi.output(result.urn))).value), /StreamIngestion::prices$/);
  });

  it("reports an invalid argument as an error of that property", async () => {
    await assert.rejects(
      constructed({ source: { ...source, format: "xml" }, processor: { entry } }),
      (error: pulumi.InputPropertyError) => {
        assert.equal(error.propertyPath, "source.format");
        assert.match(error.reason, /^Expected `source\.format` to be "auto" \| .*, got "xml"\.$/);
        return true;
      },
    );
  });

  it("reports every argument that the component refuses as an error of a property of the schema", async () => {
    const { inputProperties } = JSON.parse(await getSchema!()).resources[COMPONENT_TYPE];
    const others: string[] = [];
    for (const [what, args, message] of REFUSED) {
      if (typeof args !== "object" || args === null) continue;
      const error = await constructed(args as pulumi.Inputs).then(
        () => undefined,
        (reason: pulumi.InputPropertyError) => reason,
      );
      const [property = ""] = error?.propertyPath?.split(/[.[]/) ?? [];
      if (!(property in inputProperties)) others.push(what);
      else if (typeof message === "string") assert.equal(error!.reason, message);
      else assert.match(error!.reason, message);
    }
    // The first is not an argument, and the second is opened.
    assert.deepEqual(others, ["transforms between the arguments", "an Output where the value shapes the graph"]);
  });

  it("passes the options on: parent, provider, protect, aliases, dependencies, and changes to ignore", async () => {
    const { one, all } = await constructed(
      { source, processor: existing },
      {
        parent: new pulumi.DependencyResource("urn:pulumi:stack::project::other::parent"),
        providers: {
          aws: new pulumi.DependencyProviderResource("urn:pulumi:stack::project::pulumi:providers:aws::eu::id"),
        },
        dependsOn: [new pulumi.DependencyResource("urn:pulumi:stack::project::other::before")],
        protect: true,
        aliases: ["urn:pulumi:stack::project::stream-ingestion:index:StreamIngestion::old"],
        ignoreChanges: ["tags"],
      },
    );
    const component = one(COMPONENT_TYPE);
    assert.equal(component.parent, "urn:pulumi:stack::project::other::parent");
    assert.deepEqual(component.dependsOn, ["urn:pulumi:stack::project::other::before"]);
    assert.deepEqual(component.ignoreChanges, ["tags"]);
    assert.deepEqual(component.aliases, ["urn:pulumi:stack::project::stream-ingestion:index:StreamIngestion::old"]);
    const table = one("aws:dynamodb/table:Table", "prices-events");
    assert.deepEqual([table.parent, table.protect], [component.urn, true]);
    for (const child of all("aws:dynamodb/table:Table").concat(all("aws:lambda/function:Function")))
      assert.equal(child.provider, "urn:pulumi:stack::project::pulumi:providers:aws::eu::id");
  });

  describe("the processor", () => {
    const folder = join(__dirname, "../../examples");
    const processorOf = async (processor: pulumi.Inputs) => {
      const { one } = await constructed({ source, processor });
      const { runtime, handler, code } = one("aws:lambda/function:Function", "prices-event-processor").inputs;
      return { runtime, handler, files: Object.keys((await code.assets) ?? {}), path: await code.path };
    };

    it("is a TypeScript or JavaScript file, which is bundled", async () => {
      for (const file of [join(folder, "yaml/processor.ts"), join(__dirname, "processor.js")]) {
        const { runtime, handler, files } = await processorOf({ entry: file });
        assert.deepEqual([runtime, handler], ["nodejs24.x", "index.handler"]);
        assert.ok(files.includes("index.js"), files.join());
      }
    });

    it("is a Python file, with the package that it imports", async () => {
      const { runtime, files } = await processorOf({
        entry: join(folder, "python/processor.py"),
        runtime: "python3.13",
      });
      assert.equal(runtime, "python3.13");
      assert.ok(files.includes("processor.py"), files.join());
    });

    it("is an archive, which is uploaded as it is", async () => {
      const code = new pulumi.asset.FileArchive(join(folder, "python"));
      const uploaded = await processorOf({ code, runtime: "python3.13", handler: "processor.handler" });
      assert.deepEqual(uploaded, {
        runtime: "python3.13",
        handler: "processor.handler",
        files: [],
        path: join(folder, "python"),
      });
    });

    it("is an existing function, which gets a mapping and a policy", async () => {
      const { all, one } = await constructed({ source, processor: existing });
      assert.equal(
        one("aws:lambda/eventSourceMapping:EventSourceMapping", "prices-mapping").inputs.functionName,
        existing.functionArn,
      );
      assert.equal(
        one("aws:iam/rolePolicy:RolePolicy", "prices-event-processor-policy").inputs.role,
        existing.roleName,
      );
      assert.ok(all("aws:lambda/function:Function").every(({ name }) => name !== "prices-event-processor"));
    });
  });

  it("keeps secrets secret in inputs, also inside a plain argument, and in no output", async () => {
    const { one, resources, result } = await constructed({
      source: pulumi.secret({ ...source, headers: { "X-Tenant": "hidden-tenant" } }),
      processor: existing,
    });
    const secret = one("aws:secretsmanager/secretVersion:SecretVersion");
    assert.match(secretValue(secret.inputs.secretStringWo), /hidden-tenant/);
    const withoutSecrets = (value: unknown): unknown =>
      secretValue(value) === undefined && typeof value === "object" && value !== null
        ? Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withoutSecrets(member)]))
        : secretValue(value) === undefined
          ? value
          : "secret";
    assert.doesNotMatch(JSON.stringify(resources.map(({ inputs }) => withoutSecrets(inputs))), /hidden-tenant/);
    for (const [name, output] of Object.entries(result.state))
      assert.doesNotMatch(JSON.stringify((await stateOf(pulumi.output(output))).value) ?? "", /hidden-tenant/, name);
  });

  it("returns outputs that are unknown in a preview", async () => {
    const { result } = await constructed({ source, processor: existing }, {}, { preview: true });
    for (const output of ["apiUrl", "secretArn"])
      assert.equal((await stateOf(result.state[output])).known, false, output);
  });

  it("previews with an input that is not known yet", async () => {
    const url = unknownOutput();
    const { one } = await constructed({ source: { ...source, url }, processor: existing }, {}, { preview: true });
    assert.ok(one("aws:secretsmanager/secretVersion:SecretVersion"));
  });

  it("refuses another type of resource", async () => {
    await assert.rejects(
      construct!("x", "stream-ingestion:index:Other", {}, {}),
      /Expected a resource of type stream-ingestion:index:StreamIngestion, got stream-ingestion:index:Other/,
    );
  });
});
