import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const ROOT = resolve(__dirname, "../../..");

/** A temporary Pulumi project with this repository's packages, or with a fake Pulumi SDK only. */
export function programFolder(files: Readonly<Record<string, string>>, sdk?: string): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "stream-ingestion-"));
  if (sdk === undefined) {
    symlinkSync(join(ROOT, "node_modules"), join(path, "node_modules"));
  } else {
    mkdirSync(join(path, "node_modules/@pulumi"), { recursive: true });
    symlinkSync(join(ROOT, "node_modules", sdk), join(path, "node_modules/@pulumi/pulumi"));
  }
  const all = { "Pulumi.yaml": "name: sample\nruntime: nodejs\n", ...files };
  for (const [name, content] of Object.entries(all)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
