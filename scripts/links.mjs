// The relative links of a page in Markdown, and those that lead nowhere. The tests and the build of the site use it.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

export function linksOf(file, text = readFileSync(file, "utf8")) {
  const targets = [...text.matchAll(/\]\((?!https?:)([^)\s]+)[^)]*\)/g)].map(([, target]) => target);
  const dead = targets.flatMap((target) => {
    const [path, anchor] = target.split("#");
    const to = path === "" ? file : join(dirname(file), path);
    if (!existsSync(to)) return [`${file} links to ${target}, which does not exist`];
    if (anchor === undefined || !to.endsWith(".md")) return [];
    const headings = headingsOf(to === file ? text : readFileSync(to, "utf8"));
    return headings.has(anchor) ? [] : [`${file} links to ${target}, a heading that does not exist`];
  });
  return { count: targets.length, dead };
}

/** The anchors of a page's headings, as GitHub and TypeDoc make them. */
function headingsOf(text) {
  const headings = text.replace(/^```.*?^```$/gms, "").matchAll(/^#+ (.*)$/gm);
  const anchorOf = (heading) => heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "");
  return new Set([...headings].map(([, heading]) => anchorOf(heading).replaceAll(" ", "-")));
}
