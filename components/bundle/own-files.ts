import { existsSync, readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import type { Metafile } from "esbuild";

const HERE = String.raw`(?:__dirname|import\.meta\.dirname)`;
const TEXT = String.raw`["'\x60]([^"'\x60$]*)["'\x60]`;
/** `join(__dirname, "a", "b")`, `__dirname + "/a"`, a template that starts with `__dirname`, `new URL("./a", import.meta.url)`. */
const PATHS = [
  new RegExp(String.raw`\b(?:join|resolve)\(\s*${HERE}\s*,([^()$+]*)\)`, "g"),
  new RegExp(String.raw`${HERE}\s*\+\s*(${TEXT})`, "g"),
  new RegExp(String.raw`(\x60)\$\{${HERE}\}([^\x60$]+)\x60`, "g"),
  /\bnew URL\(\s*(["'\x60]\.[^"'\x60$]*["'\x60])\s*,\s*import\.meta\.url\s*\)/g,
];

/**
 * Finds code that reads files next to itself at run time, such as workers, fonts and data: a bundle does not contain them. One sentence
 * per package, and one per file of the user.
 *
 * @param copied - paths in the archive, relative to the entry's folder
 */
export function missingOwnFiles({ inputs }: Metafile, folder: string, copied: readonly string[]): readonly string[] {
  const sentences = new Map<string, string>();
  for (const input of Object.keys(inputs)) {
    const path = resolve(folder, input);
    for (const file of existsSync(path) ? ownFiles(path) : []) {
      const name = packageOf(path);
      // The bundle is one file, so each module's folder is that of the archive.
      const place = relative(dirname(path), file).replaceAll("\\", "/");
      if (name !== undefined)
        sentences.set(
          name,
          `The package ${name} reads its own file ${place} at run time, which the bundle does not contain. If your code needs that, add "${name}" to \`processor.install\`.`,
        );
      else if (!copied.some((target) => place === target || place.startsWith(`${target}/`)))
        sentences.set(
          file,
          `${input} reads ${place} at run time, which the bundle does not contain. ${place.startsWith("..") ? "Import it instead" : `Add { from: "./${relative("", file)}", to: "${place}" } to \`processor.copy\``}.`,
        );
    }
  }
  return [...sentences.values()];
}

/** Existing files that the source names relative to its own folder. Its folder and the ones above are not files. */
function ownFiles(path: string): readonly string[] {
  const source = readFileSync(path, "utf8");
  const folder = dirname(path);
  return PATHS.flatMap((pattern) => [...source.matchAll(pattern)])
    .map(([, first = "", second = ""]) => resolve(folder, ...textsOf(first === "`" ? `"${second}"` : first)))
    .filter((file) => relative(folder, file).replace(/^(\.\.\/?)*$/, "") !== "" && existsSync(file));
}

/** The parts of a path, which are relative: `"/a"` after `__dirname +` is, too. */
function textsOf(list: string): readonly string[] {
  return [...list.matchAll(new RegExp(TEXT, "g"))].map(([, text = ""]) => `./${text}`);
}

function packageOf(path: string): string | undefined {
  return /.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(path)?.[1]?.replaceAll("\\", "/");
}
