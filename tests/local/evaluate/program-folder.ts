import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const ROOT = resolve(__dirname, "../../..");

/** A throw-away Pulumi project that sees this repository's packages. */
export function programFolder(files: Readonly<Record<string, string>>): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "stream-ingestion-"));
  symlinkSync(join(ROOT, "node_modules"), join(path, "node_modules"));
  const all = { "Pulumi.yaml": "name: sample\nruntime: nodejs\n", ...files };
  for (const [name, content] of Object.entries(all)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
