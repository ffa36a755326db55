import { join } from "node:path";

const MANAGERS_FOLDER = join(__dirname, "node_modules");

/** A package manager with its configuration for a project in workspaces. */
export interface PackageManager {
  readonly name: string;
  /** The program and its first arguments. */
  readonly command: readonly [string, ...string[]];
  readonly install: readonly string[];
  /** How a package names another package of the project. */
  readonly workspace: string;
  /** Files of the project's root, in addition to package.json. `local` is the tarball of a package that another one depends on. */
  files(local: string): Readonly<Record<string, string>>;
  /** Fields of the root's package.json. */
  fields?(local: string): object;
  /** Arguments for `node` that run the command line, in a package of the project. */
  readonly commandLine: readonly string[];
}

const berry = join(MANAGERS_FOLDER, "@yarnpkg/cli-dist/bin/yarn.js");

function yarn(linker: "node-modules" | "pnp"): PackageManager {
  const settings = {
    nodeLinker: linker,
    enableScripts: false,
    enableTelemetry: false,
    enableImmutableInstalls: false,
    httpRetry: 5,
    httpTimeout: "2m",
    networkConcurrency: 10,
  };
  return {
    name: `Yarn with the linker ${linker}`,
    command: [process.execPath, berry],
    install: ["install"],
    workspace: "workspace:*",
    // Without a lockfile here, Yarn searches the folders above for the project.
    files: () => ({ ".yarnrc.yml": JSON.stringify(settings), "yarn.lock": "" }),
    fields: (local) => ({ resolutions: { "stream-ingestion-local": local } }),
    commandLine: [berry, "stream-ingestion"],
  };
}

/** Install scripts do not run: a project needs none of them. */
export const MANAGERS: readonly PackageManager[] = [
  {
    name: "npm",
    command: ["npm"],
    install: ["install", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--fetch-retries=5"],
    workspace: "1.0.0",
    files: () => ({}),
    commandLine: ["../../node_modules/stream-ingestion/main.js"],
  },
  {
    name: "pnpm",
    command: [join(MANAGERS_FOLDER, ".bin/pnpm")],
    install: ["install", "--no-frozen-lockfile", "--prefer-offline"],
    workspace: "workspace:*",
    files: (local) => ({
      "pnpm-workspace.yaml": JSON.stringify({
        packages: ["packages/*"],
        fetchRetries: 5,
        overrides: { "stream-ingestion-local": local },
        allowBuilds: { "classic-level": false, esbuild: false, protobufjs: false },
      }),
    }),
    commandLine: ["node_modules/stream-ingestion/main.js"],
  },
  {
    name: "Yarn 1",
    command: [process.execPath, join(MANAGERS_FOLDER, "yarn/bin/yarn.js")],
    install: ["install", "--ignore-scripts", "--prefer-offline", "--non-interactive", "--network-timeout=120000"],
    workspace: "1.0.0",
    files: () => ({}),
    fields: (local) => ({ resolutions: { "stream-ingestion-local": local } }),
    commandLine: ["../../node_modules/stream-ingestion/main.js"],
  },
  yarn("node-modules"),
  yarn("pnp"),
];
