import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { type SampleUpstream, startSampleUpstream } from "../../cli/local/sample/sample-upstream";
import { FROM_SOURCE } from "../../scripts/from-source";
import { emptyFolder, install, packAll, ROOT, run } from "../package/packages";
import { commandsOf, otherPackages } from "./readme-commands";
import { pulumiPath, runCommands, type Terminal, type Transcript } from "./terminal";

const AGAIN = "pulumi up --yes --skip-preview --expect-no-changes";
const REFRESH = "pulumi preview --refresh --expect-no-changes";

/** The commands of the README and of *Start*, with the real Pulumi CLI and its language host, on the local cloud as AWS account. */
describe("the commands of the README and of Start, with the real Pulumi CLI", function () {
  this.timeout(1_800_000);
  let folder: string;
  let upstream: SampleUpstream;
  let path: string;
  before(async () => {
    path = pulumiPath("nodejs");
    folder = emptyFolder("pulumi-");
    upstream = await startSampleUpstream();
  });
  after(async () => {
    await upstream?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The commands with the values of the sample upstream in place of the example's. */
  const real = (commands: readonly string[]) =>
    commands.map((command) =>
      command
        .replace("https://stream.example.com", upstream.url)
        .replace("'/v1/events/{streamId}'", `'${upstream.path}'`)
        .replace(/ key …$/, ` key ${upstream.key}`)
        .replace(/^pulumi up$/, "pulumi up --yes"),
    );

  /** What a user does with a deployment. `command` is the command line's name in the project. */
  const operations = (command: string) => [
    AGAIN,
    REFRESH,
    `${command} start EUR_USD --stack dev`,
    `${command} list --stack dev`,
    `${command} status EUR_USD --stack dev`,
    `${command} tail EUR_USD --stack dev --count 2`,
    `${command} stop EUR_USD --stack dev`,
  ];
  const VERIFY = "npm run --silent cli -- verify --stack dev --stream BTC_USD";
  const DESTROY = "pulumi destroy --yes --skip-preview";

  function checkOperations({ code, text, outputOf }: Transcript, command: string): void {
    assert.equal(code, 0, text);
    assert.match(outputOf("pulumi up --yes"), /\+ \d\d created/);
    assert.match(outputOf(AGAIN), /\d\d unchanged/);
    assert.match(outputOf(REFRESH), /\d\d unchanged/);
    assert.match(outputOf(`${command} start EUR_USD --stack dev`), /EUR_USD: /);
    assert.match(outputOf(`${command} list --stack dev`), /EUR_USD/);
    assert.match(outputOf(`${command} status EUR_USD --stack dev`), /EUR_USD/);
    assert.match(outputOf(`${command} tail EUR_USD --stack dev --count 2`), /EUR_USD.*\n.*EUR_USD/);
    const destroyed = outputOf(DESTROY);
    assert.match(destroyed, /- \d\d deleted/);
    assert.match(destroyed, /retained resources end with this command/);
  }

  describe("in a clone", () => {
    let terminal: Terminal;
    before(() => {
      const clone = join(folder, "clone");
      mkdirSync(clone);
      const files = ["-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"];
      const tar = ["-C", ROOT, "--null", "--ignore-failed-read", "-T", "-", "-cf", join(folder, "clone.tar")];
      execFileSync("tar", tar, { input: execFileSync("git", files, { maxBuffer: 64 * 1024 * 1024 }) });
      run(clone, "tar", "-xf", join(folder, "clone.tar"));
      symlinkSync(join(ROOT, "node_modules"), join(clone, "node_modules"));
      const commandLine = [...FROM_SOURCE, join(ROOT, "cli/main.ts")];
      terminal = { cwd: clone, commandLine, home: join(folder, "clone-home"), path };
    });

    it("deploy, operate, verify and destroy a stack, and the command ends", async () => {
      const command = "npm run --silent cli --";
      const deploy = real(commandsOf("README.md", "Deploy it"));
      const transcript = await runCommands(terminal, [...deploy, ...operations(command), VERIFY, DESTROY]);
      checkOperations(transcript, command);
      assert.match(transcript.outputOf(VERIFY), /✔ the stream is handed over/);
    });

    it("preview an upstream without a key, and name a value that is missing", async () => {
      const { code, text, outputOf } = await runCommands({ ...terminal, home: join(folder, "open-home") }, [
        "pulumi stack init dev",
        "pulumi config rm url",
        "pulumi config set --secret path /",
        "pulumi preview || true",
        `pulumi config set --secret url ${upstream.url}`,
        "pulumi preview",
      ]);
      assert.equal(code, 0, text);
      assert.match(outputOf("pulumi preview || true"), /[Mm]issing .*configuration va\w+ '(\w+:)?url'/);
      assert.match(outputOf("pulumi preview"), /\+ \d\d to create/);
    });
  });

  describe("in a project with the packages of npm", () => {
    let terminal: Terminal;
    before(() => {
      const project = join(folder, "project");
      mkdirSync(project);
      const tarballs = packAll(folder).map(({ tarball }) => tarball);
      const quick = ["--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];
      install(project, "npm", "install", ...quick, ...tarballs, ...otherPackages());
      cpSync(join(ROOT, "examples/start"), project, { recursive: true });
      const commandLine = [join(project, "node_modules/.bin/stream-ingestion")];
      terminal = { cwd: project, commandLine, home: join(folder, "project-home"), path };
    });

    it("deploy, operate and destroy a stack, and the command ends", async () => {
      const command = "npx stream-ingestion";
      const deploy = real(commandsOf("docs/start.md", "In your AWS account"));
      checkOperations(await runCommands(terminal, [...deploy, ...operations(command), DESTROY]), command);
    });
  });
});
