import assert from "node:assert/strict";
import { lstatSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { bundleProcessor } from "../../components/bundle/processor";
import { emptyFolder, type Packed, packAll, run } from "./packages";

/** The component and its dependencies for one platform. Most of it is esbuild's binary. */
const MAX_INSTALLED_BYTES = 15_000_000;
const MAX_INSTALLED_PACKAGES = 12;
/** The size of a bundle with `eachEvent`. */
const MAX_PROCESSOR_BYTES = 20_000;

const PROCESSOR = `import { eachEvent } from "pulumi-stream-ingestion/processor";

export const handler = eachEvent((event) => console.log(event.key, event.data));
`;

describe("the size of an installation without peers", function () {
  this.timeout(120_000);
  let folder: string;
  let component: Packed;

  before(() => {
    folder = emptyFolder("installed-");
    component = packAll(folder).find(({ name }) => name === "pulumi-stream-ingestion")!;
    writeFileSync(join(folder, "package.json"), "{}");
    run(folder, "npm", "install", "--omit=peer", "--prefer-offline", "--no-audit", "--no-fund", component.tarball);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

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
});

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
