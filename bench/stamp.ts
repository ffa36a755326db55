import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const START = "<!-- bench:start -->";
const END = "<!-- bench:end -->";

/** `text` with `figures` between the markers; as it is where it has none. */
export function stamp(text: string, figures: string): string {
  const start = text.indexOf(START);
  const end = text.indexOf(END, start);
  if (start === -1 || end === -1) return text;
  return `${text.slice(0, start + START.length)}\n${figures.trim()}\n${text.slice(end)}`;
}

/** `npm run bench:stamp`: the newest result into README.md. Says what it did. */
function main(): string {
  const folder = join(__dirname, "results");
  const newest = readdirSync(folder)
    .filter((file) => /^\d{4}-\d{2}-\d{2}\.md$/.test(file))
    .sort()
    .at(-1);
  const readme = join(__dirname, "../README.md");
  if (!newest || !existsSync(readme)) return "Nothing to stamp: no result, or no README.md.";
  const text = readFileSync(readme, "utf8");
  const stamped = stamp(text, readFileSync(join(folder, newest), "utf8"));
  if (stamped === text) return `README.md is up to date with ${newest}, or has no ${START} … ${END}.`;
  writeFileSync(readme, stamped);
  return `Stamped README.md from ${newest}.`;
}

if (require.main === module) console.log(main());
