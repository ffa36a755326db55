import assert from "node:assert/strict";
import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { ALARMS, type AlarmName, alarmRole } from "../components/alarm-list";
import { METRIC, ZERO_COUNTERS } from "../runtime/contract";
import { linksOf } from "../scripts/links.mjs";
import { load } from "../scripts/typedoc-pages.mjs";

const ROOT = resolve(__dirname, "..");
const DECISIONS = readdirSync(join(ROOT, "docs/decisions")).filter((file) => file !== "README.md");
const PAGES = globSync("{*.md,{docs,examples,local,cli}/**/*.md}", {
  cwd: ROOT,
  exclude: (path) => /(^|\/)(node_modules|dist)$/.test(path),
});
const read = (page: string) => readFileSync(join(ROOT, page), "utf8");

describe("the documentation", () => {
  it("has decision pages with the title of their file: number, then words", () => {
    assert.ok(DECISIONS.length > 20);
    assert.equal(new Set(DECISIONS.map((file) => file.slice(0, 4))).size, DECISIONS.length, "a number has two pages");
    for (const file of DECISIONS) {
      const [heading = ""] = read(`docs/decisions/${file}`).split("\n");
      assert.equal(`${heading.replace(/^# /, "").toLowerCase().replaceAll(" ", "-")}.md`, file);
    }
  });

  it("lists the decisions by number and title", () => {
    const lines = read("docs/decisions/README.md")
      .split("\n")
      .filter((line) => line.startsWith("- "));
    const titleOf = (file: string) => read(`docs/decisions/${file}`).split("\n")[0]!.replace("# ", "");
    assert.deepEqual(
      lines,
      DECISIONS.sort().map((file) => `- [${titleOf(file)}](${file})`),
    );
  });

  it("numbers each decision once", () => {
    const numbers = DECISIONS.map((file) => file.slice(0, 4));
    assert.deepEqual(numbers, [...new Set(numbers)]);
  });

  it("has decision pages of one structure", () => {
    for (const file of DECISIONS) {
      const headings = [...read(`docs/decisions/${file}`).matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
      const expected = ["Context", "Decision", "Alternatives", "Consequences"];
      assert.deepEqual(
        headings,
        expected.filter((heading) => heading !== "Alternatives" || headings.includes(heading)),
        file,
      );
    }
  });

  it("links to files and headings that exist", () => {
    const links = PAGES.map((page) => linksOf(join(ROOT, page)));
    assert.deepEqual(
      links.flatMap(({ dead }) => dead),
      [],
    );
    assert.ok(links.reduce((sum, { count }) => sum + count, 0) > 10);
  });

  it("reports a link to a file or a heading that does not exist", () => {
    const page = join(ROOT, "docs/start.md");
    const good =
      "[a](concepts.md) [b](operating.md#error-codes) [c](#a-project) [d](https://example.com/x#y)\n\n## A project\n";
    assert.deepEqual(linksOf(page, good), { count: 3, dead: [] });
    assert.deepEqual(linksOf(page, "[a](gone.md) [b](operating.md#gone) [c](#gone)").dead, [
      `${page} links to gone.md, which does not exist`,
      `${page} links to operating.md#gone, a heading that does not exist`,
      `${page} links to #gone, a heading that does not exist`,
    ]);
  });

  it("does not build as a site with a dead link", () => {
    const logged: string[] = [];
    const created = new Map<string, (context: unknown, page: unknown) => void>();
    const converter = {
      on: (event: string, listener: (context: unknown, page: unknown) => void) => created.set(event, listener),
    };
    load({ converter, logger: { error: (text: string) => logged.push(text) } });
    const folder = mkdtempSync(join(tmpdir(), "docs-"));
    try {
      const file = join(folder, "page.md");
      const text = "# Page\n\n[a](gone.md) [b](#gone)\n";
      writeFileSync(file, text);
      const project = { files: { getReflectionPath: () => file } };
      created.get("createDocument")!(undefined, { project, content: [{ text }], frontmatter: {} });
      assert.deepEqual(logged, [
        `${file} links to gone.md, which does not exist`,
        `${file} links to #gone, a heading that does not exist`,
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("explains each alarm: cause, how to look, how to fix", () => {
    const [, section = ""] = read("docs/operating.md").split("## Alarms");
    const rows = [...section.matchAll(/^\| `([a-z-]+)` \|(.*)\|$/gm)].map(([, role, cells = ""]) => ({
      role,
      cells: cells.split(" | ").filter((cell) => cell.trim() !== ""),
    }));
    const names = Object.keys(ALARMS) as AlarmName[];
    assert.deepEqual(rows.map(({ role }) => role).sort(), names.map(alarmRole).sort());
    for (const { role, cells } of rows) assert.equal(cells.length, 3, `${role} needs cause, look and fix`);
  });

  it("names each argument, and the members of each", () => {
    const { resources, types } = JSON.parse(read("plugin/schema.json"));
    const { inputProperties } = resources["stream-ingestion:index:StreamIngestion"];
    const words = new Set(read("docs/arguments.md").match(/\w+/g));
    const missing = Object.entries<{ $ref?: string }>(inputProperties).flatMap(([name, { $ref = "" }]) => {
      // The table of alarms is in operating.md.
      const members = name === "alarms" ? [] : Object.keys(types[$ref.replace("#/types/", "")]?.properties ?? {});
      return [name, ...members.map((member) => `${name}.${member}`)].filter(
        (path) => !words.has(path.split(".").at(-1)!),
      );
    });
    assert.deepEqual(missing, []);
  });

  it("gives the number and the price of the alarms that exist by default", () => {
    const { length } = Object.keys(ALARMS).filter((name) => name !== "eventsMissing");
    const dollars = (length * 0.1).toFixed(2);
    assert.ok(read("docs/arguments.md").includes(`$${dollars} a month for ${length}`));
    assert.ok(read("components/args.ts").includes(`by default ${length} for $${dollars} per month`));
  });

  it("gives the price of a deployment by part", () => {
    const metrics = Object.keys(METRIC).length * 0.3;
    const alarms = (Object.keys(ALARMS).length - 1) * 0.1;
    const [total, ...parts] = [metrics + 3 + alarms + 0.4, metrics, alarms].map((value) => value.toFixed(2));
    assert.ok(
      read("docs/should-we.md").includes(
        `up to $${total} a month: metrics ($${parts[0]}), dashboard ($3.00), alarms ($${parts[1]}) and the secret ($0.40)`,
      ),
    );
    const [, ofThousand] = /^\| Metrics, alarms, dashboard, secret \| ([\d.]+) \|$/m.exec(read("docs/operating.md"))!;
    assert.equal(ofThousand, (Number(total) / 1_000).toFixed(4));
  });

  it("names npm scripts that exist", () => {
    const { scripts } = JSON.parse(read("package.json"));
    const named = PAGES.flatMap((page) =>
      [...read(page).matchAll(/npm run (?:-s )?([\w:-]+)/g)].map(([, script = ""]) => ({ page, script })),
    );
    assert.ok(named.length > 20);
    assert.deepEqual(
      named.filter(({ script }) => scripts[script] === undefined),
      [],
    );
  });

  it("explains each counter", () => {
    const [, section = ""] = read("docs/operating.md").split("## Counters");
    for (const counter of Object.keys(ZERO_COUNTERS).filter(
      (name) => !["bytes", "reconnects", "received"].includes(name),
    ))
      assert.ok(section.includes(`\`${counter}\``), counter);
  });

  it("has a page, a test and a line in the index for every recipe, and explains lines that the recipe has", () => {
    const recipes = globSync("docs/recipes/*/index.ts", { cwd: ROOT }).map(dirname);
    assert.ok(recipes.length > 10);
    const index = read("docs/recipes/README.md");
    for (const recipe of recipes) {
      const name = basename(recipe);
      assert.ok(existsSync(join(ROOT, `tests/recipes/${name}.test.ts`)), `no test of ${name}`);
      assert.ok(index.includes(`](${name}/README.md)`), `${name} is not in the index`);
      const program = read(`${recipe}/index.ts`);
      const explained = [...read(`${recipe}/README.md`).matchAll(/^\| (`.*?) \|/gm)].map(([, line = ""]) => line);
      assert.ok(explained.length > 0);
      for (const line of explained)
        for (const [word] of line.matchAll(/[\w./-]+/g))
          assert.ok(program.includes(word), `${recipe}/README.md explains ${line}, but the program has no ${word}`);
    }
  });

  it("has a page for every decision that code cites", () => {
    const numbers = new Set(DECISIONS.map((file) => file.slice(0, 4)));
    const sources = globSync("{components,runtime,local,cli,scripts,bench,tests,examples}/**/*.{ts,mjs}", {
      cwd: ROOT,
      exclude: (path) => /(^|\/)(node_modules|dist)$/.test(path),
    });
    const cited = sources.flatMap((file) =>
      [...read(file).matchAll(/docs\/decisions\/(\d{4})/g)].map(([, number = ""]) => ({ file, number })),
    );
    assert.ok(cited.length > 3);
    assert.deepEqual(
      cited.filter(({ number }) => !numbers.has(number)),
      [],
    );
  });
});
