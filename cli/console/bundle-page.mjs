// The console's page as one script and one style sheet: `npm run build` writes them, a checkout makes them in memory.
import { join } from "node:path";
import { build } from "esbuild";

/** @returns {Promise<{ script: string, style: string }>} */
export async function bundlePage() {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, "page/main.tsx")],
    outdir: "page",
    bundle: true,
    write: false,
    minify: true,
    format: "iife",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    logLevel: "warning",
  });
  const text = (ending) => outputFiles.find(({ path }) => path.endsWith(ending)).text;
  return { script: text(".js"), style: text(".css") };
}
