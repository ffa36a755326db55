import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { startSampleUpstream } from "../../cli/local/sample/sample-upstream";
import { readStoredEvents } from "../../cli/local/stored-events";
import { emptyFolder, install, packAll, ROOT, run } from "../package/packages";
import { otherPackages } from "../pulumi/readme-commands";
import { putItem } from "./deployment";
import { type Deployed, failure, type StackOptions, type StateResource, type Step } from "./engine-stack";
import type { Order } from "./program/consumer/up";
import { untilLive } from "./until-live";
import { useEngine } from "./use-engine";

/** Types without tags in AWS, or with the tags of another resource. */
const UNTAGGED =
  /:(TableItem|RolePolicy|FunctionRecursionConfig|FunctionEventInvokeConfig|Permission|SecretVersion|Bucket[A-Z]\w+|Resource|Method|Integration|Deployment|MethodSettings|Schedule|Dashboard)$/;

describe("a consumer's project with the installed package", () => {
  const engine = useEngine({ hopSeconds: 30 });
  let folder: string;

  before(async () => {
    folder = emptyFolder("consumer-");
    const tarballs = packAll(folder).map((packed) => packed.tarball);
    // The command of docs/start.md, with tarballs instead of the published packages.
    const quick = ["--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];
    install(folder, "npm", "install", ...quick, ...tarballs, ...otherPackages());
    for (const file of ["index.ts", "processor.ts"])
      copyFileSync(join(ROOT, "examples/start", file), join(folder, file));
    writeFileSync(join(folder, "desk.ts"), readFileSync(join(__dirname, "program/consumer/desk.ts")));
    const up = join(__dirname, "program/consumer/up.ts");
    await build({
      entryPoints: [up],
      outfile: join(folder, "up.js"),
      bundle: true,
      platform: "node",
      packages: "external",
    });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Node arguments for a `pulumi up` of a program in the folder, with the Pulumi SDK in the folder. */
  function upOf(file: string, options: StackOptions): string[] {
    const order: Order = { file: join(folder, file), folder: engine.backend.folder, options };
    return ["up.js", JSON.stringify(order)];
  }
  async function up(file: string, options: Omit<StackOptions, "environment"> = {}): Promise<Deployed> {
    const args = upOf(file, { ...options, environment: engine.environment });
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder });
    return JSON.parse(stdout) as Deployed;
  }

  it("has the command under the name that npx runs", () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, "cli/package.json"), "utf8")) as { version: string };
    assert.equal(run(folder, "npx", "--no-install", "stream-ingestion", "--version"), `${version}\n`);
  });

  it("runs the program and the processor of docs/start.md, and events flow", async () => {
    const upstream = await startSampleUpstream();
    try {
      const { url, path, key } = upstream;
      const secret = (value: string) => ({ value, secret: true });
      const options = { project: "consumer", config: { url: secret(url), path: secret(path), key: secret(key) } };
      const { outputs } = await up("index.ts", options);
      assert.match(String(outputs.apiUrl), /\/v1$/);
      await engine.until("the processor to print prices", () => {
        const printed = engine.events.filter(
          (event) => event.kind === "log" && /event-processor/.test(event.functionName) && /EUR_USD/.test(event.line),
        );
        return printed.length > 20;
      });
      await (await engine.open(options)).destroy();
    } finally {
      await upstream.close();
    }
  });

  it("has a command that runs the consumer's Pulumi with this machine as AWS", async () => {
    const command = join("node_modules", "stream-ingestion", "main.js");
    const up = upOf("desk.ts", { project: "command", environment: {} });
    const { code, stdout, stderr } = await untilLive([command, "local", "--", process.execPath, ...up], {
      cwd: folder,
    });
    assert.match(stdout, /"table":"prices-events-\w+"/, stderr);
    assert.match(stderr, /\d\d resources run at http:\/\/127\.0\.0\.1:\d+ until Ctrl-C/);
    assert.equal(code, 0);
  });

  describe("under Pulumi's options", () => {
    const config = (values: Record<string, string> = {}): Omit<StackOptions, "environment"> => ({
      config: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, { value }])),
    });
    const children = async (): Promise<StateResource[]> =>
      (await engine.stack.resources()).filter(({ type }) => type.startsWith("aws:"));
    const names = (resources: readonly StateResource[]) => resources.map(({ name }) => name);

    it("passes the provider, the tags and the protection of the instance to every child", async () => {
      await up("desk.ts", config({ protect: "true" }));
      const all = await children();
      assert.ok(all.length > 35);
      assert.deepEqual(names(all.filter(({ provider }) => !provider?.includes("::elsewhere::"))), []);
      assert.ok(
        !(await engine.stack.resources()).some(
          ({ type, name }) => type === "pulumi:providers:aws" && name !== "elsewhere",
        ),
      );
      assert.deepEqual(names(all.filter(({ protect }) => protect !== true)), []);
      const untagged = all
        .filter(({ type }) => !UNTAGGED.test(type))
        .filter(({ inputs }) => (inputs?.tags as Record<string, string> | undefined)?.team !== "markets");
      assert.deepEqual(names(untagged), []);
    });

    it("applies each transform to its child only", async () => {
      const all = await children();
      const having = (field: string, is: (value: unknown) => boolean) =>
        names(all.filter(({ inputs }) => is(inputs?.[field]))).sort();
      const recovery = (on: boolean) => (value: unknown) =>
        (value as { enabled?: boolean } | undefined)?.enabled === on;
      assert.deepEqual(
        having("memorySize", (value) => value === 512),
        ["prices-connection-manager"],
      );
      assert.deepEqual(having("pointInTimeRecovery", recovery(false)), ["prices-events"]);
      assert.deepEqual(having("pointInTimeRecovery", recovery(true)), ["prices-connections"]);
      assert.deepEqual(
        having("maximumBatchingWindowInSeconds", (value) => value === 2),
        ["prices-mapping"],
      );
    });

    it("does not destroy a protected instance", async () => {
      const before = (await children()).map(({ urn }) => urn);
      const count = engine.count();
      assert.match(await failure(engine.stack.destroy()), /cannot be deleted\s+because it is protected/);
      assert.deepEqual(
        (await children()).map(({ urn }) => urn),
        before,
      );
      assert.equal(engine.count(), count);
    });

    it("keeps every child and its data with an alias to a new name and parent", async () => {
      const { outputs } = await up("desk.ts", config());
      const table = String(outputs.table);
      await putItem(engine.cloud, table, { streamId: { S: "EUR_USD" }, key: { S: "k1" }, d: { S: '{"bid":1}' } });
      const { steps, outputs: moved } = await up("desk.ts", config({ moved: "true" }));
      assert.deepEqual(steps.filter(makesOrEnds), []);
      assert.ok((await children()).every(({ name }) => name.startsWith("quotes")));
      assert.equal(moved.table, table);
      assert.deepEqual(
        (await readStoredEvents(engine.cloud, table)).map(({ key, data }) => [key, String(data)]),
        [["k1", '{"bid":1}']],
      );
      await engine.stack.destroy();
      assert.deepEqual(await engine.stack.resources(), []);
    });
  });
});

/** The dashboard has its instance's name, which must be unique in an account. */
const makesOrEnds = ({ type, op }: Step) => /^aws:(?!.*:Dashboard$)/.test(type) && op !== "update";
