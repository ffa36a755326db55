import type * as pulumi from "@pulumi/pulumi";
import type { Architecture, ProcessorArgs } from "./args";
import type { Code } from "./bundle/bundle";
import { copiedFiles } from "./bundle/copied-files";
import { installPackages } from "./bundle/install";
import { bundleProcessor } from "./bundle/processor";
import { bundlePython } from "./bundle/python";
import { isPython, type ProcessorSettings } from "./processor-settings";

/** The code of the processor's function, with its runtime and architecture. */
export interface ProcessorCode extends Code {
  readonly runtime: string;
  readonly architecture: Architecture;
}

/**
 * Bundles the processor's code. Called before the first child resource, so that code that does not compile creates nothing.
 *
 * @returns undefined for an existing function
 */
export function processorCode(
  { code }: ProcessorArgs,
  settings: ProcessorSettings,
  warn: (message: string) => void,
): ProcessorCode | undefined {
  const { entry, handler, runtime, architecture, bundle, install, copy } = settings;
  if (code !== undefined)
    return { archive: code as pulumi.Input<pulumi.asset.Archive>, handler, runtime, architecture };
  if (entry === undefined) return undefined;
  const copied = copiedFiles(entry, copy);
  if (isPython(entry))
    return { ...bundlePython(entry, install, { runtime, architecture }, copied), runtime, architecture };
  const installed = installPackages(entry, install, architecture, warn);
  for (const name of Object.keys(installed))
    if (name in copied)
      throw new Error(
        `Expected \`processor.copy\` to leave the folder ${name} to \`processor.install\`. Install the packages, or copy single folders: { from, to: "${name}/NAME" }.`,
      );
  const externals = [...bundle.externals, ...install.flatMap((name) => [name, `${name}/*`])];
  const bundled = bundleProcessor(entry, { ...bundle, externals }, warn, { ...copied, ...installed });
  return { ...bundled, runtime, architecture };
}
