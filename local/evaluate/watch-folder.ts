import { type FSWatcher, readdirSync, watch } from "node:fs";
import { join, resolve } from "node:path";

/** Editors write a file in several steps. */
const SETTLE_MS = 50;

/**
 * Calls `onChange` after files of a project changed. Installed packages, folders whose name starts with a dot, and the folders in
 * `except` are not watched. Returns a function that ends it.
 */
export function watchFolder(folder: string, onChange: () => void, except: readonly string[] = []): () => void {
  const root = resolve(folder);
  const ignored = new Set(except.map((folder) => resolve(folder)));
  const watchers = new Map<string, FSWatcher>();
  let timer: NodeJS.Timeout | undefined;

  function changed(name: string | null): void {
    if (name !== null && isIgnored(name)) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      // A changed folder can contain new ones.
      add(root);
      onChange();
    }, SETTLE_MS);
  }

  function add(folder: string): void {
    if (!watchers.has(folder)) {
      const watcher = watch(folder, (_, name) => changed(name));
      const remove = () => {
        watcher.close();
        watchers.delete(folder);
      };
      // The folder was deleted.
      watcher.on("error", remove);
      watchers.set(folder, watcher);
    }
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && !isIgnored(entry.name) && !ignored.has(path)) addIfThere(path);
    }
  }

  /** A folder can be deleted at any time. */
  function addIfThere(folder: string): void {
    try {
      add(folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }

  add(root);
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers.values()) watcher.close();
  };
}

function isIgnored(name: string): boolean {
  return name === "node_modules" || name.startsWith(".");
}
