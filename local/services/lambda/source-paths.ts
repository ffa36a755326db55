import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, sep } from "node:path";

/**
 * Source maps name files relative to a project, which a debugger cannot open. Writes the files' absolute paths and contents into the
 * maps in `codeFolder`. A name that several files of `project` have, or none, stays as it is.
 */
export function useAbsoluteSources(codeFolder: string, project: string): void {
  const maps = readdirSync(codeFolder).filter((name) => name.endsWith(".js.map") || name.endsWith(".mjs.map"));
  if (maps.length === 0) return;
  const files = filesOf(project);
  const find = (source: string): string | undefined => {
    const direct = join(project, source);
    if (existsSync(direct)) return direct;
    const found = files.filter((file) => file.endsWith(`${sep}${source}`));
    return found.length === 1 ? found[0] : undefined;
  };
  for (const name of maps) {
    const path = join(codeFolder, name);
    const map = JSON.parse(readFileSync(path, "utf8")) as { sources: string[]; sourcesContent?: (string | null)[] };
    const found = map.sources.map(find);
    map.sourcesContent = found.map((file) => (file === undefined ? null : readFileSync(file, "utf8")));
    map.sources = map.sources.map((source, i) => found[i] ?? source);
    writeFileSync(path, JSON.stringify(map));
  }
}

/** Without installed packages and folders whose name starts with a dot. */
function filesOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isFile()) return [path];
    return entry.isDirectory() && entry.name !== "node_modules" && !entry.name.startsWith(".") ? filesOf(path) : [];
  });
}
