// A TypeDoc plugin for the pages of `docs`: a page is named by its heading, its group is that of its folder, and a dead link is an
// error. TypeDoc checks files, and not the headings that links name. A module has the name with which programs import it.
import { Converter, ReflectionKind } from "typedoc";
import { linksOf } from "./links.mjs";

const GROUPS = [
  [/\/docs\/decisions\//, "Design decisions"],
  [/\/docs\/recipes\//, "Recipes"],
  [/./, "Guide"],
];

const MODULES = {
  components: "pulumi-stream-ingestion",
  "runtime/processor": "pulumi-stream-ingestion/processor",
  "runtime/testing": "pulumi-stream-ingestion/testing",
};

export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_, declaration) => {
    if (declaration.kind !== ReflectionKind.Module) return;
    const name = MODULES[declaration.name];
    if (name === undefined)
      throw new Error(`Expected the module ${declaration.name} to have a name in ${import.meta.url}.`);
    declaration.name = name;
  });
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, page) => {
    const path = page.project.files.getReflectionPath(page)?.replaceAll("\\", "/") ?? "";
    const [first] = page.content;
    const [, heading] = /^# (.*)\n/.exec(first?.text ?? "") ?? [];
    if (heading === undefined) throw new Error(`Expected ${path} to begin with a heading.`);
    for (const dead of linksOf(page.project.files.getReflectionPath(page)).dead) app.logger.error(dead);
    page.name = heading;
    page.frontmatter.group ??= GROUPS.find(([folder]) => folder.test(path))[1];
  });
}
