import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/**
 * Returns a folder that `make` fills once per `key`. The folder is filled under a temporary name and then renamed, so an incomplete
 * folder is never used.
 *
 * @param project - path inside the project whose `node_modules/.cache` it is in
 */
export function cached(project: string, key: unknown, make: (folder: string) => void): string {
  const cache = join(nodeModules(project), ".cache", "pulumi-stream-ingestion");
  const folder = join(cache, createHash("sha256").update(JSON.stringify(key)).digest("hex").slice(0, 16));
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const making = mkdtempSync(`${folder}-`);
  try {
    make(making);
    renameSync(making, folder);
  } catch (error) {
    // Another deployment may have created the same folder meanwhile.
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
  return folder;
}

function nodeModules(path: string): string {
  const folder = join(path, "node_modules");
  if (existsSync(folder)) return folder;
  const parent = dirname(path);
  return parent === path ? tmpdir() : nodeModules(parent);
}
