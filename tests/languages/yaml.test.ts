import assert from "node:assert/strict";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type SampleUpstream, startSampleUpstream } from "../../cli/local/sample/sample-upstream";
import { emptyFolder, packAll, ROOT, unpackAll } from "../package/packages";
import { pulumiPath, runCommands, type Terminal } from "../pulumi/terminal";

const AGAIN = "pulumi up --yes --skip-preview --expect-no-changes";
const INVALID = "pulumi preview 2>&1 || true";
const DESTROY = "pulumi destroy --yes --skip-preview";

describe("a program in YAML, with the packed plugin", function () {
  this.timeout(900_000);
  let folder: string;
  let upstream: SampleUpstream;
  let terminal: Terminal;
  before(async () => {
    folder = emptyFolder("yaml-");
    const cwd = join(folder, "project");
    cpSync(join(ROOT, "examples/yaml"), cwd, { recursive: true });
    unpackAll(packAll(folder), cwd);
    upstream = await startSampleUpstream();
    const commandLine = [join(cwd, "node_modules/stream-ingestion/main.js")];
    terminal = { cwd, commandLine, home: join(folder, "home"), path: pulumiPath("yaml") };
  });
  after(async () => {
    await upstream?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("deploys, passes events, does not change without a change, and is destroyed", async () => {
    const command = `${process.execPath} node_modules/stream-ingestion/main.js`;
    const COUNT_KEY = `pulumi stack export | grep -c '${upstream.key}' || true`;
    const { code, text, outputOf } = await runCommands(terminal, [
      "pulumi stack init dev",
      "pulumi config set aws:region eu-west-1",
      `pulumi config set --secret url ${upstream.url}`,
      `pulumi config set --secret path '${upstream.path}'`,
      `pulumi config set --secret key ${upstream.key}`,
      "pulumi up --yes",
      AGAIN,
      `${command} tail BTC_USD --stack dev --count 2`,
      COUNT_KEY,
      "pulumi config set --secret path no-slash",
      INVALID,
      DESTROY,
    ]);
    assert.equal(code, 0, text);
    assert.match(outputOf("pulumi up --yes"), /\+ \d\d created/);
    assert.match(outputOf("pulumi up --yes"), /apiUrl *: "http/);
    assert.match(outputOf(AGAIN), /\d\d unchanged/);
    assert.match(outputOf(`${command} tail BTC_USD --stack dev --count 2`), /BTC_USD.*\n.*BTC_USD/);
    assert.equal(outputOf(COUNT_KEY).trim(), "0", "the state has no secret in plain text");
    assert.match(outputOf(INVALID), /source\.path.*Expected `source\.path` to /s);
    assert.match(outputOf(DESTROY), /- \d\d deleted/);
  });
});
