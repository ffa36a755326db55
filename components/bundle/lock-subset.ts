import { posix } from "node:path";

/** The part in use of an entry of `packages` in package-lock.json. */
export interface LockedPackage {
  readonly version?: string;
  readonly link?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly [field: string]: unknown;
}

export interface Lock {
  readonly lockfileVersion: number;
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

/** A package.json and package-lock.json for some packages and their dependencies. */
export interface Subset {
  readonly manifest: { readonly name: string; readonly private: true; readonly dependencies: Record<string, string> };
  readonly lock: Lock & { readonly name: string };
}

/** Flags that depend on how the project uses a package. */
const USES = ["dev", "devOptional", "peer", "extraneous", "inBundle"];

/**
 * The part of a project's lockfile for `names` and their dependencies, with the same versions and checksums.
 *
 * @param folder - the entry's folder relative to the lockfile, such as `packages/ingest` or "": its packages are found first
 * @throws Error for a package that is not in the lockfile
 */
export function subsetOf(lock: Lock, names: readonly string[], folder: string): Subset {
  const placed = new Map<string, string>();
  const dependencies: Record<string, string> = {};
  for (const name of names) {
    const from = find(lock.packages, folder, name);
    const { version, link } = (from && lock.packages[from]) || {};
    if (from === undefined || link || version === undefined)
      throw new Error(
        link
          ? `Expected \`processor.install\` to name packages of a registry, but "${name}" is a folder of this project. Import it instead: then it is bundled.`
          : `Expected \`processor.install\` to name packages of the project, but its package-lock.json does not contain "${name}". Run: npm install ${name}`,
      );
    dependencies[name] = version;
    placed.set(`node_modules/${name}`, from);
  }
  for (const [at, from] of [...placed]) placeDependencies(lock.packages, placed, at, from);
  const manifest = { name: "processor-install", private: true as const, dependencies };
  const packages: Record<string, LockedPackage> = { "": { ...manifest } };
  for (const at of [...placed.keys()].sort()) packages[at] = withoutUses(lock.packages[placed.get(at) as string]);
  return { manifest, lock: { name: manifest.name, lockfileVersion: lock.lockfileVersion, packages } };
}

type Packages = Lock["packages"];

/** Places all dependencies of one package before those of the next, so that a nested package does not hide one that was placed above. */
function placeDependencies(packages: Packages, placed: Map<string, string>, at: string, from: string): void {
  const added: string[] = [];
  for (const { name, optional } of dependenciesOf(packages[from] as LockedPackage)) {
    const source = find(packages, from, name);
    if (source === undefined) {
      if (optional) continue;
      throw new Error(
        `Expected package-lock.json to contain "${name}", which "${from}" needs, but it does not. Run: npm install`,
      );
    }
    const visible = find(placed, at, name);
    if (visible !== undefined && placed.get(visible) === source) continue;
    const place = visible === undefined ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    placed.set(place, source);
    added.push(place);
  }
  for (const place of added) placeDependencies(packages, placed, place, placed.get(place) as string);
}

function dependenciesOf(locked: LockedPackage): { name: string; optional: boolean }[] {
  const { dependencies = {}, optionalDependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = locked;
  const names = new Set([
    ...Object.keys(dependencies),
    ...Object.keys(optionalDependencies),
    ...Object.keys(peerDependencies),
  ]);
  return [...names]
    .filter((name) => name in dependencies || name in optionalDependencies || !peerDependenciesMeta[name]?.optional)
    .map((name) => ({ name, optional: name in optionalDependencies }));
}

/** The entry that Node resolves for `name` from a folder of the lockfile. */
function find(packages: Packages | ReadonlyMap<string, string>, from: string, name: string): string | undefined {
  const has = (key: string) => (packages instanceof Map ? packages.has(key) : key in packages);
  for (let folder = from; ; folder = posix.dirname(folder)) {
    if (folder === ".") folder = "";
    const key = folder === "" ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (!folder.endsWith("node_modules") && has(key)) return key;
    if (folder === "") return undefined;
  }
}

function withoutUses(locked: LockedPackage = {}): LockedPackage {
  return Object.fromEntries(Object.entries(locked).filter(([field]) => !USES.includes(field)));
}
