// `node up.js '{ file, folder, options }'` in a consumer's folder: runs an up without Pulumi's language host.
// It uses the consumer's Pulumi SDK, ts-node and TypeScript: this file is bundled without packages.

import { openStack, type StackOptions } from "../../engine-stack";

/** The argument of the test, as JSON. */
export interface Order {
  /** The program. */
  readonly file: string;
  /** Folder of the backend. */
  readonly folder: string;
  readonly options: StackOptions;
}

/** Registers ts-node as the language host does without a tsconfig.json, with type checks. */
function registerTypeScript(): void {
  const { tsnodeRequire, typescriptRequire } = require("@pulumi/pulumi/tsutils").typeScriptRequireStrings();
  require(tsnodeRequire).register({
    compiler: typescriptRequire,
    skipProject: true,
    compilerOptions: { target: "ES2020", module: "commonjs", moduleResolution: "node", sourceMap: "true" },
  });
}

async function main({ file, folder, options }: Order): Promise<void> {
  registerTypeScript();
  const stack = await openStack(folder, options);
  const deployed = await stack.up(async () => ({ ...require(file) }));
  process.stdout.write(JSON.stringify(deployed));
}

main(JSON.parse(process.argv[2] ?? "")).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
