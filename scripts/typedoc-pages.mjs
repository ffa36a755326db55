// A TypeDoc plugin for the pages of `docs`: a page is named by its heading, its group is that of its folder, and a dead link is an
// error. TypeDoc checks files, and not the headings that links name.
import { Converter } from "typedoc";
import { linksOf } from "./links.mjs";

const GROUPS = [
  [/\/docs\/decisions\//, "Design decisions"],
  [/\/docs\/recipes\//, "Recipes"],
  [/./, "Guide"],
];

export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, page) => {
    const path = page.project.files.getReflectionPath(page)?.replaceAll("\\", "/") ?? "";
    const [first] = page.content;
    const [line, heading] = /^# (.*)\n*/.exec(first?.text ?? "") ?? [];
    if (heading === undefined) throw new Error(`Expected ${path} to begin with a heading.`);
    for (const dead of linksOf(page.project.files.getReflectionPath(page)).dead) app.logger.error(dead);
    // TypeDoc shows the name as the page's heading.
    page.name = heading;
    first.text = first.text.slice(line.length);
    page.frontmatter.group ??= GROUPS.find(([folder]) => folder.test(path))[1];
  });
}
