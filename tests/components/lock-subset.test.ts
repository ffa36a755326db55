import assert from "node:assert/strict";
import { type Lock, type LockedPackage, subsetOf } from "../../components/bundle/lock-subset";

const lockOf = (packages: Record<string, LockedPackage>): Lock => ({ lockfileVersion: 3, packages });

describe("a subset of a lockfile", () => {
  it("contains only a package and its dependencies, in the project's versions", () => {
    const lock = lockOf({
      "": { dependencies: { sharp: "^1.0.0", other: "^1.0.0" } },
      "node_modules/other": { version: "1.0.0" },
      "node_modules/sharp": {
        version: "1.2.3",
        resolved: "https://registry.example/sharp.tgz",
        integrity: "sha512-a",
        dev: true,
        dependencies: { color: "^4.0.0" },
        optionalDependencies: { "@img/sharp-linux-arm64": "1.2.3", "@img/absent": "1.2.3" },
        peerDependencies: { peer: "*", unused: "*" },
        peerDependenciesMeta: { unused: { optional: true } },
      },
      "node_modules/color": { version: "4.0.0" },
      "node_modules/@img/sharp-linux-arm64": { version: "1.2.3", optional: true, os: ["linux"], cpu: ["arm64"] },
      "node_modules/peer": { version: "2.0.0" },
      "node_modules/unused": { version: "2.0.0" },
    });
    const { manifest, lock: subset } = subsetOf(lock, ["sharp"], "");
    assert.deepEqual(manifest.dependencies, { sharp: "1.2.3" });
    assert.deepEqual(Object.keys(subset.packages), [
      "",
      "node_modules/@img/sharp-linux-arm64",
      "node_modules/color",
      "node_modules/peer",
      "node_modules/sharp",
    ]);
    const { dev, ...sharp } = lock.packages["node_modules/sharp"]!;
    assert.ok(dev);
    assert.deepEqual(subset.packages["node_modules/sharp"], sharp);
    assert.deepEqual(subset.packages[""]?.dependencies, { sharp: "1.2.3" });
  });

  it("keeps two versions of a package, each at the place that its dependent resolves", () => {
    const lock = lockOf({
      "node_modules/a": { version: "1.0.0", dependencies: { shared: "1", b: "1" } },
      "node_modules/b": { version: "1.0.0", dependencies: { shared: "2" } },
      "node_modules/b/node_modules/shared": { version: "2.0.0" },
      "node_modules/shared": { version: "1.0.0" },
    });
    const { packages } = subsetOf(lock, ["a"], "").lock;
    assert.equal(packages["node_modules/shared"]?.version, "1.0.0");
    assert.equal(packages["node_modules/b/node_modules/shared"]?.version, "2.0.0");
  });

  it("prefers the version of a workspace, and moves it to the top", () => {
    const lock = lockOf({
      "node_modules/a": { version: "1.0.0", dependencies: { b: "*" } },
      "node_modules/b": { version: "1.0.0" },
      "packages/ingest/node_modules/a": { version: "2.0.0", dependencies: { b: "*" } },
    });
    const { manifest, lock: subset } = subsetOf(lock, ["a"], "packages/ingest/src");
    assert.deepEqual(manifest.dependencies, { a: "2.0.0" });
    assert.equal(subset.packages["node_modules/a"]?.version, "2.0.0");
    assert.equal(subset.packages["node_modules/b"]?.version, "1.0.0");
  });

  it("supports packages that depend on each other", () => {
    const lock = lockOf({
      "node_modules/a": { version: "1.0.0", dependencies: { b: "*" } },
      "node_modules/b": { version: "1.0.0", dependencies: { a: "*" } },
    });
    assert.deepEqual(Object.keys(subsetOf(lock, ["a"], "").lock.packages), ["", "node_modules/a", "node_modules/b"]);
  });

  it("rejects a package that is not in the lockfile or is a folder of the project", () => {
    const lock = lockOf({ "node_modules/local": { link: true, resolved: "packages/local" } });
    assert.throws(() => subsetOf(lock, ["sharp"], ""), {
      message:
        'Expected `processor.install` to name packages of the project, but its package-lock.json does not contain "sharp". Run: npm install sharp',
    });
    assert.throws(() => subsetOf(lock, ["local"], ""), {
      message:
        'Expected `processor.install` to name packages of a registry, but "local" is a folder of this project. Import it instead: then it is bundled.',
    });
  });

  it("rejects a lockfile without a dependency of a package", () => {
    const lock = lockOf({ "node_modules/a": { version: "1.0.0", dependencies: { gone: "*" } } });
    assert.throws(() => subsetOf(lock, ["a"], ""), {
      message:
        'Expected package-lock.json to contain "gone", which "node_modules/a" needs, but it does not. Run: npm install',
    });
  });
});
