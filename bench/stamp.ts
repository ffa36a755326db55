import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { headline } from "./headline";
import type { Result } from "./result";

const ROOT = join(__dirname, "..");
const RESULTS = join(__dirname, "results");
const START = "<!-- bench:start -->";
const END = "<!-- bench:end -->";

/** `text` with `figures` between the markers. */
export function stamp(text: string, figures: string): string {
  const start = text.indexOf(START);
  const end = text.indexOf(END, start);
  if (start === -1 || end === -1) throw new Error(`Expected ${START} and ${END}, each on its own line.`);
  return `${text.slice(0, start + START.length)}\n${figures.trim()}\n${text.slice(end)}`;
}

/** Every page with figures, before and after the update from the newest results. */
export function stamped(): { readonly page: string; readonly before: string; readonly after: string }[] {
  const result = JSON.parse(newest(/^\d{4}-\d\d-\d\d\.json$/)) as Result;
  const tables = newest(/^\d{4}-\d\d-\d\d\.md$/);
  const handovers = newest(/^\d{4}-\d\d-\d\d-handover\.md$/);
  return [
    { page: "README.md", figures: headline(result, handovers) },
    { page: "docs/benchmarks.md", figures: `${tables.trim()}\n\n### Handovers\n\n${handovers}` },
  ].map(({ page, figures }) => {
    const before = readFileSync(join(ROOT, page), "utf8");
    return { page, before, after: stamp(before, figures) };
  });
}

/** The name begins with the date, so the last one is the newest. */
function newest(pattern: RegExp): string {
  const file = readdirSync(RESULTS)
    .filter((name) => pattern.test(name))
    .sort()
    .at(-1);
  if (file === undefined) throw new Error(`Expected a result ${pattern} in ${RESULTS}. Run \`npm run bench\` first.`);
  return readFileSync(join(RESULTS, file), "utf8");
}

/** `npm run bench:stamp` */
if (require.main === module)
  for (const { page, before, after } of stamped()) {
    if (after !== before) writeFileSync(join(ROOT, page), after);
    console.log(`${page}: ${after === before ? "up to date" : "stamped"}`);
  }
