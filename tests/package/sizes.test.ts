import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { bundleProcessor } from "../../components/bundle/processor";
import { emptyFolder, install, type PackageName, type Packed, packAll, run } from "./packages";

/** The component and its dependencies for one platform. Most of it is esbuild's binary. */
const MAX_INSTALLED_BYTES = 15_000_000;
const MAX_INSTALLED_PACKAGES = 12;
/** What `npx stream-ingestion` downloads: the AWS SDK's clients are 25 MB of it, and esbuild 11 MB. */
const MAX_COMMAND_BYTES = 85_000_000;
/** The size of a bundle with `eachEvent`. */
const MAX_PROCESSOR_BYTES = 21_000;

const PROCESSOR = `import { eachEvent } from "pulumi-stream-ingestion/processor";

export const handler = eachEvent((event) => console.log(event.key, event.data));
`;

describe("the size of an installation without peers", () => {
  let folder: string;
  let packed: readonly Packed[];

  before(() => {
    folder = emptyFolder("installed-");
    packed = packAll(folder);
    installInto(folder, [tarballOf("pulumi-stream-ingestion"), "--omit=peer"]);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const tarballOf = (wanted: PackageName) => packed.find(({ name }) => name === wanted)!.tarball;

  it(`is at most ${MAX_INSTALLED_PACKAGES} packages`, () => {
    const { packages } = createRequire(join(folder, "x"))("./node_modules/.package-lock.json") as { packages: object };
    const names = Object.keys(packages);
    assert.ok(names.includes("node_modules/esbuild"), `${names}`);
    assert.ok(names.length <= MAX_INSTALLED_PACKAGES, `${names.length} packages: ${names}`);
  });

  it(`is at most ${MAX_INSTALLED_BYTES / 1e6} MB on disk`, () => {
    const bytes = bytesOnDisk(join(folder, "node_modules"));
    assert.ok(bytes > 5_000_000 && bytes <= MAX_INSTALLED_BYTES, `${bytes} bytes`);
  });

  it(`leaves a processor with eachEvent at most ${MAX_PROCESSOR_BYTES / 1e3} KB, minified with its names kept`, () => {
    writeFileSync(join(folder, "processor.ts"), PROCESSOR);
    const { bytes } = bundleProcessor(join(folder, "processor.ts"));
    assert.ok(bytes > 5_000 && bytes <= MAX_PROCESSOR_BYTES, `${bytes} bytes`);
  });

  it(`is at most ${MAX_COMMAND_BYTES / 1e6} MB for the command line outside a project, which runs without Pulumi's SDKs`, () => {
    const outside = join(folder, "outside");
    mkdirSync(outside);
    installInto(outside, [tarballOf("stream-ingestion"), tarballOf("stream-ingestion-local")]);
    assert.ok(!existsSync(join(outside, "node_modules/@pulumi")));
    const bytes = bytesOnDisk(join(outside, "node_modules"));
    assert.ok(bytes > 30_000_000 && bytes <= MAX_COMMAND_BYTES, `${bytes} bytes`);
    const command = join(outside, "node_modules/stream-ingestion/main.js");
    const { stderr } = spawnSync(process.execPath, [command, "local", "--", process.execPath, "-e", ""], {
      cwd: outside,
      encoding: "utf8",
    });
    assert.equal(stderr, "");
    assert.match(run(outside, process.execPath, command, "verify", "--help"), /--stream/);
  });
});

function installInto(folder: string, what: readonly string[]): void {
  writeFileSync(join(folder, "package.json"), "{}");
  install(folder, "npm", "install", "--prefer-offline", "--no-audit", "--no-fund", ...what);
}

/** Size on disk in blocks. Counts hard links once, because esbuild links its binary to a second path. */
function bytesOnDisk(folder: string): number {
  const seen = new Set<number>();
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).reduce((sum, path) => {
    const { ino, blocks } = lstatSync(join(folder, path));
    if (seen.has(ino)) return sum;
    seen.add(ino);
    return sum + blocks * 512;
  }, 0);
}
