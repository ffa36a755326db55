import type { Message } from "esbuild";
import { lines } from "./compile";

/** Warnings about code that works the same in a bundle: style and source maps. */
const HARMLESS = new Set([
  "assign-to-define",
  "bigint",
  "different-path-case",
  "direct-eval",
  "duplicate-case",
  "duplicate-class-member",
  "duplicate-object-key",
  "equals-nan",
  "equals-negative-zero",
  "equals-new-object",
  "html-comment-in-js",
  "impossible-typeof",
  "invalid-source-mappings",
  "missing-source-map",
  "package.json",
  "semicolon-after-return",
  "suspicious-boolean-not",
  "suspicious-logical-operator",
  "suspicious-nullish-coalescing",
  "this-is-undefined-in-esm",
  "tsconfig.json",
  "unsupported-source-map-comment",
]);

export const isHarmful = ({ id }: Message) => !HARMLESS.has(id);

/** The message for warnings that stop the deployment. */
export function refusal(path: string, warnings: readonly Message[]): string {
  const { id } = warnings[0] as Message;
  return (
    `${path} does not work the same in a bundle as in Node:\n${lines(warnings)}\n` +
    "Change the code, or keep the package out of the bundle with `processor.install`. " +
    `To accept the warning, set \`processor.bundle.logOverride\` to { "${id}": "silent" }.`
  );
}

/** Advice for errors of esbuild; "" = the errors are clear enough. */
export function adviceFor(errors: readonly Message[]): string {
  const noLoader = errors
    .map(({ text }) => /^No loader is configured for "(\.[^"]+)" files/.exec(text)?.[1])
    .find((ending) => ending !== undefined);
  if (noLoader === ".node")
    return "A native addon cannot be bundled: list the package that it belongs to in `processor.install`.";
  if (noLoader !== undefined)
    return `Set a loader for such files in \`processor.bundle.loader\`: { "${noLoader}": "text" } or "json", "binary", "base64", "copy".`;
  if (errors.some(({ text }) => text.startsWith("Could not resolve")))
    return "Install the package, or list it in `processor.externals` when the code runs without it.";
  return "";
}
