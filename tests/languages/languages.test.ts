import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type SampleUpstream, startSampleUpstream } from "../../cli/local/sample/sample-upstream";
import { sdkGenerator } from "../../scripts/pulumi-engine.mjs";
import { pythonEnvironment } from "../../scripts/python-environment.mjs";
import { emptyFolder } from "../package/packages";
import { pulumiPath } from "../pulumi/terminal";
import { checkProgram, exampleProject } from "./program";

/** A processor without the wrapper: it reports that no event failed. */
const HANDLER = "exports.handler = async () => ({ batchItemFailures: [] });";

describe("a program with the packed plugin, the real Pulumi CLI and the language's host", function () {
  this.timeout(1_800_000);
  let folder: string;
  let upstream: SampleUpstream;
  beforeEach(async () => {
    folder = emptyFolder("language-");
    upstream = await startSampleUpstream();
  });
  afterEach(async () => {
    await upstream?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("deploys from YAML, passes events to a TypeScript file, a JavaScript file and an archive, and is destroyed", async () => {
    const cwd = exampleProject(folder, "yaml");
    await checkProgram({ cwd, home: join(folder, "home"), path: pulumiPath("yaml") }, upstream, [
      `mkdir build && echo '${HANDLER}' > build/index.js && sed -i 's#entry: .*#entry: ./build/index.js#' Pulumi.yaml`,
      "sed -i 's#entry: .*#code: { fn::fileArchive: ./build }#' Pulumi.yaml",
    ]);
  });

  it("deploys from Python, with an SDK generated from the schema and a processor in Python", async () => {
    const cwd = exampleProject(folder, "python");
    const sdk = join(folder, "sdk");
    mkdirSync(sdk);
    execFileSync(await sdkGenerator(join(__dirname, "sdkgen")), [
      join(cwd, "node_modules/pulumi-stream-ingestion/plugin/schema.json"),
      sdk,
    ]);
    const python = pythonEnvironment(join(__dirname, "requirements.txt"));
    // Without the package index: everything that builds the SDK is in the environment.
    const offline = ["--quiet", "--no-index", "--no-deps", "--no-build-isolation"];
    execFileSync(join(python, "python"), ["-m", "pip", "install", ...offline, "--target", cwd, sdk]);
    const path = [python, pulumiPath("python")].join(delimiter);
    await checkProgram({ cwd, home: join(folder, "home"), path }, upstream);
  });
});
