import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { PageAssets } from "./page-html";

/** The page's script and style: built in the package, bundled in memory in a checkout. */
export async function pageAssets(): Promise<PageAssets> {
  const file = (name: string) => join(__dirname, "page", name);
  if (existsSync(file("page.js")))
    return { script: readFileSync(file("page.js"), "utf8"), style: readFileSync(file("page.css"), "utf8") };
  const { bundlePage } = await import("./bundle-page.mjs");
  return bundlePage();
}
