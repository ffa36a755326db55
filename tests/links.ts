import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface Links {
  readonly count: number;
  /** Each as an error for the author of the page. */
  readonly dead: readonly string[];
}

/** The relative links of a page in Markdown: to files, and to headings of the same or of another page. */
export function linksOf(file: string, text = readFileSync(file, "utf8")): Links {
  const targets = [...text.matchAll(/\]\((?!https?:)([^)\s]+)[^)]*\)/g)].map(([, target = ""]) => target);
  const dead = targets.flatMap((target) => {
    const [path = "", anchor] = target.split("#");
    const to = path === "" ? file : join(dirname(file), path);
    if (!existsSync(to)) return [`${file} links to ${target}, which does not exist`];
    if (anchor === undefined || !to.endsWith(".md")) return [];
    const headings = headingsOf(to === file ? text : readFileSync(to, "utf8"));
    return headings.has(anchor) ? [] : [`${file} links to ${target}, a heading that does not exist`];
  });
  return { count: targets.length, dead };
}

/** The anchors of a page's headings, as GitHub and TypeDoc make them. */
function headingsOf(text: string): ReadonlySet<string> {
  const withoutCode = text.replace(/^```.*?^```$/gms, "");
  return new Set(
    [...withoutCode.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}
