import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { installedVersions } from "../../components/bundle/installed-versions";

describe("the installed versions of a project without npm's lockfile", () => {
  let folder: string;
  let entry: string;
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "installed-")));
    entry = join(folder, "processor.ts");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const add = (path: string, version: string, manifest: object = {}) => {
    mkdirSync(join(folder, path), { recursive: true });
    writeFileSync(join(folder, path, "package.json"), JSON.stringify({ version, ...manifest }));
  };
  const link = (path: string, target: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    symlinkSync(join(folder, target), join(folder, path));
  };
  const of = (...names: string[]) => installedVersions(entry, names, "pnpm-lock.yaml");

  it("are those of the named packages and of everything that they need", () => {
    add("node_modules/native", "1.0.0", {
      dependencies: { colors: "^2.0.0" },
      optionalDependencies: { "@native/linux-arm64": "1.0.0", "@native/linux-x64": "1.0.0" },
    });
    add("node_modules/@native/linux-x64", "1.0.0");
    add("node_modules/colors", "2.3.4", { dependencies: { names: "*" }, peerDependencies: { native: "*" } });
    add("node_modules/colors/node_modules/names", "3.0.0");
    add("node_modules/names", "9.9.9");
    assert.deepEqual(of("native"), {
      dependencies: { native: "1.0.0" },
      overrides: { "@native/linux-x64": "1.0.0", colors: "2.3.4", names: "3.0.0" },
      ambiguous: {},
    });
  });

  it("follow the links of pnpm from the real folder of each package", () => {
    add("node_modules/.pnpm/native@1.0.0/node_modules/native", "1.0.0", { dependencies: { colors: "^2.0.0" } });
    add("node_modules/.pnpm/colors@2.3.4/node_modules/colors", "2.3.4");
    link("node_modules/.pnpm/native@1.0.0/node_modules/colors", "node_modules/.pnpm/colors@2.3.4/node_modules/colors");
    link("node_modules/native", "node_modules/.pnpm/native@1.0.0/node_modules/native");
    assert.deepEqual(of("native").overrides, { colors: "2.3.4" });
  });

  it("leave a choice where a package has several versions, unless the user names one", () => {
    add("node_modules/a", "1.0.0", { dependencies: { c: "^1.0.0", d: "*" } });
    add("node_modules/b", "1.0.0", { dependencies: { c: "^2.0.0" } });
    add("node_modules/c", "2.0.0");
    add("node_modules/d", "4.0.0", { dependencies: { a: "*" } });
    add("node_modules/a/node_modules/c", "1.5.0");
    assert.deepEqual(of("a", "b"), {
      dependencies: { a: "1.0.0", b: "1.0.0" },
      overrides: { d: "4.0.0" },
      ambiguous: { c: ["1.5.0", "2.0.0"] },
    });
    assert.deepEqual(of("a", "b", "c").ambiguous, {});
  });

  it("reject a folder of the project, whose name could be another package in the registry", () => {
    add("packages/units", "1.0.0");
    link("node_modules/units", "packages/units");
    assert.throws(() => of("units"), {
      message:
        'Expected `processor.install` to name packages of a registry, but "units" is a folder of this project. Import it instead: then it is bundled.',
    });
  });
});
