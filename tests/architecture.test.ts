import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";

const ROOT = resolve(__dirname, "..");
const IMPORT = /(?:from|import|require\()\s*["']([^"']+)["']/g;

interface Import {
  readonly file: string;
  /** Path from the root, or package name. */
  readonly of: string;
}

function importsIn(folder: string): Import[] {
  const files = readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name));
  return files.flatMap((path) =>
    [...readFileSync(path, "utf8").matchAll(IMPORT)].map(([, specifier = ""]) => ({
      file: relative(ROOT, path).split(sep).join("/"),
      of: specifier.startsWith(".")
        ? relative(ROOT, resolve(dirname(path), specifier))
            .split(sep)
            .join("/")
        : specifier,
    })),
  );
}

/** Fails with every import of `from` that `forbidden` holds for. */
function forbids(from: string, forbidden: (of: string, file: string) => boolean): void {
  const imports = importsIn(from);
  assert.ok(imports.length > 0, `${from} imports nothing: is the test looking at the right place?`);
  const wrong = imports.filter(({ of, file }) => forbidden(of, file)).map(({ file, of }) => `${file} → ${of}`);
  assert.deepEqual(wrong, []);
}

const inside = (of: string, ...folders: string[]) =>
  folders.some((folder) => of === folder || of.startsWith(`${folder}/`));
const isAwsSdk = (of: string) => of.startsWith("@aws-sdk/") || of.startsWith("@smithy/");
const isPulumi = (of: string) => of.startsWith("@pulumi/");
const ours = (of: string) => inside(of, "components", "runtime", "local", "cli");

describe("the import arrows", () => {
  it("go from components to the contract alone, and never to the AWS SDK", () => {
    forbids("components", (of) => isAwsSdk(of) || (ours(of) && !inside(of, "components") && of !== "runtime/contract"));
  });

  it("keep Pulumi out of the run time", () => {
    forbids("runtime", (of) => isPulumi(of) || (ours(of) && !inside(of, "runtime")));
  });

  it("keep control and data apart", () => {
    forbids("runtime/control", (of) => inside(of, "runtime/data", "runtime/handlers", "runtime/processor"));
    forbids("runtime/data", (of) => inside(of, "runtime/control", "runtime/handlers", "runtime/processor"));
  });

  it("lead to the handlers from the processor's edge alone, whose entry is the user's bundle", () => {
    forbids("runtime/support", (of) => ours(of) && !inside(of, "runtime/support") && of !== "runtime/contract");
    forbids(
      "runtime/processor",
      (of, file) => inside(of, "runtime/control") || (inside(of, "runtime/handlers") && !file.endsWith("/edge.ts")),
    );
  });

  it("leave the contract without an import", () => {
    assert.doesNotMatch(readFileSync(join(ROOT, "runtime/contract.ts"), "utf8"), /^import /m);
  });

  it("keep process.env to the edges", () => {
    const files = readdirSync(join(ROOT, "runtime"), { recursive: true, encoding: "utf8" }).filter((file) =>
      file.endsWith(".ts"),
    );
    const readers = files
      .filter((file) => /process\.env/.test(readFileSync(join(ROOT, "runtime", file), "utf8")))
      .map((file) => file.split(sep).join("/"));
    // The processor's entry is the user's bundle: its edge has no handler of ours to live in.
    assert.deepEqual(
      readers.filter((file) => !file.startsWith("handlers/")),
      ["processor/edge.ts"],
    );
  });

  it("let no deployed code know of the local stack", () => {
    for (const layer of ["components", "runtime"]) forbids(layer, (of) => inside(of, "local", "cli", "tests", "bench"));
  });
});
