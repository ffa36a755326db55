// `npm run snippets`: copies the code of files into the documents that show it. `<!-- file: PATH -->` before a code block names its
// file, `<!-- file: PATH#NAME -->` the lines between `#region NAME` and `#endregion`.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const SNIPPET = /(<!-- file: ([^#\s]+)(?:#([\w-]+))? -->\n```\w+\n)([\s\S]*?)(```)/g;

/** The document with the present code in each of its blocks that name a file. */
export function withSnippets(text, root) {
  return text.replace(SNIPPET, (_, head, path, region, _code, end) => head + codeOf(root, path, region) + end);
}

function codeOf(root, path, region) {
  const code = readFileSync(join(root, path), "utf8");
  if (region === undefined) return code;
  const [, rest] = code.split(new RegExp(`^.*#region ${region}\\n`, "m"));
  if (rest === undefined) throw new Error(`Expected ${path} to have a region "${region}".`);
  const lines = rest.split(/^.*#endregion/m)[0];
  const indent = /^ */.exec(lines)[0];
  return lines.replaceAll(new RegExp(`^${indent}`, "gm"), "");
}

if (process.argv[1] === import.meta.filename)
  for (const file of process.argv.slice(2)) {
    const text = readFileSync(file, "utf8");
    writeFileSync(file, withSnippets(text, join(import.meta.dirname, "..")));
  }
