// `node up.js '{ file, folder, options }'`, in a consumer's folder: what `pulumi up` does, without Pulumi's language host.
// Pulumi's SDK, its ts-node and its TypeScript are the consumer's own: this file is bundled without any package.

import { openStack, type StackOptions } from "../../engine-stack";

/** What the test hands over, as JSON. */
export interface Order {
  /** The program. */
  readonly file: string;
  /** Of the backend. */
  readonly folder: string;
  readonly options: StackOptions;
}

/** As the language host loads a program without a tsconfig.json, types checked. */
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
