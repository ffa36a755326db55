import { existsSync, readFileSync, realpathSync } from "node:fs";
import Module, { createRequire } from "node:module";
import { join } from "node:path";

/** The versions that a project has installed, for npm's package.json. */
export interface InstalledVersions {
  readonly dependencies: Readonly<Record<string, string>>;
  /** The versions of what the dependencies need. */
  readonly overrides: Readonly<Record<string, string>>;
  /** Packages that have several versions below the dependencies, from which npm chooses. */
  readonly ambiguous: Readonly<Record<string, readonly string[]>>;
}

interface Manifest {
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/**
 * The installed versions of `names` and of everything that they need. pnpm, Yarn and Bun install the versions of their lockfiles, and the
 * formats of those change with each major version. Packages for other platforms are not installed here: npm chooses their versions, which
 * their users usually name exactly.
 *
 * @throws Error for a package that is not installed
 */
export function installedVersions(entry: string, names: readonly string[], lockfile: string): InstalledVersions {
  const versions = new Map<string, Set<string>>();
  const seen = new Set<string>();
  const visit = (folder: string): string => {
    const { version, ...manifest } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
    if (seen.has(folder)) return version;
    seen.add(folder);
    const { dependencies, optionalDependencies, peerDependencies } = manifest;
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      const found = folderOf(name, `${folder}/`);
      if (found !== undefined) versions.set(name, (versions.get(name) ?? new Set()).add(visit(found)));
    }
    return version;
  };
  const dependencies: Record<string, string> = {};
  for (const name of names) {
    const folder = folderOf(name, entry);
    if (folder === undefined)
      throw new Error(
        `Expected "${name}" of \`processor.install\` to be installed in the version of ${lockfile}, but it was not found from ${entry}. Install the project's packages.`,
      );
    if (!/[\\/]node_modules[\\/]/.test(folder))
      throw new Error(
        `Expected \`processor.install\` to name packages of a registry, but "${name}" is a folder of this project. Import it instead: then it is bundled.`,
      );
    dependencies[name] = visit(folder);
  }
  const others = [...versions].filter(([name]) => !(name in dependencies)).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    dependencies,
    overrides: Object.fromEntries(
      others.flatMap(([name, [one, ...more]]) => (more.length === 0 ? [[name, one as string]] : [])),
    ),
    ambiguous: Object.fromEntries(others.flatMap(([name, all]) => (all.size > 1 ? [[name, [...all].sort()]] : []))),
  };
}

/** Yarn's Plug'n'Play has no folders `node_modules`: it extends `node:module` by its own resolution. */
interface PlugAndPlay {
  findPnpApi?(from: string): { resolveToUnqualified(name: string, from: string): string } | null;
}

function folderOf(name: string, from: string): string | undefined {
  const api = (Module as PlugAndPlay).findPnpApi?.(from);
  const folders = api
    ? resolvedBy(() => api.resolveToUnqualified(name, from))
    : (createRequire(from).resolve.paths(name) ?? []).map((folder) => join(folder, name));
  // Plug'n'Play also resolves packages for other platforms, which it did not unpack.
  const found = folders.find((folder) => existsSync(join(folder, "package.json")));
  return found && realpathSync(found);
}

function resolvedBy(resolve: () => string): string[] {
  try {
    return [resolve()];
  } catch {
    return [];
  }
}
