// Writes the packages as npm publishes them: `dist`, `cli/dist` and `local/dist`, each with its manifest. Code is compiled file by file; what
// runs in a user's bundle, in Lambda or inside the command line is bundled here once.
import { chmodSync, copyFileSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative, sep } from "node:path";
import { gzipSync } from "node:zlib";
import { buildSync } from "esbuild";
import ts from "typescript";
import { bundlePage } from "../cli/console/bundle-page.mjs";
import { DECLARATIONS, declareEach } from "./declarations.mjs";

/** Maximum size of a minified handler, which every cold start reads. */
const MAX_HANDLER_BYTES = 600 * 1024;
/** Maximum size of the console's page as gzip compresses it. */
const MAX_PAGE_BYTES = 150_000;
/** The exports condition under which a checkout resolves to its sources. */
const SOURCE = "stream-ingestion-source";
/** The entry of a checkout through which the command line imports deployed code. */
const INTERNAL = "pulumi-stream-ingestion/internal";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");

for (const folder of ["", "cli", "local"]) rmSync(join(root, folder, "dist"), { recursive: true, force: true });
buildComponent();
buildCommand();
await buildPage();
buildLocal();
for (const folder of ["", "cli", "local"]) writePackage(join(root, folder));

/** `pulumi-stream-ingestion`: the component, its plugin for other languages, its handlers, and the processor's entries. */
function buildComponent() {
  compile(root, ["components/**/*.ts", "plugin/*.ts", "runtime/contract.ts"]);
  writePlugin();
  writeDeclarations(root, ["components/index.ts", "runtime/processor/index.ts", "runtime/testing/index.ts"]);
  bundleEntry("processor", "runtime/processor/index");
  bundleEntry("testing", "runtime/testing/index");
  const { buildHandler } = builtHandlers();
  for (const name of ["connection-api", "connection-manager", "repeat-counter", "watchdog"]) {
    for (const [file, bytes] of buildHandler(join(root, "runtime/handlers", `${name}.ts`)))
      write(join(dist, "handlers", name, file), bytes);
    const { length } = readFileSync(join(dist, "handlers", name, "index.js"));
    console.log(`${name}: ${length} bytes (maximum ${MAX_HANDLER_BYTES})`);
    if (length > MAX_HANDLER_BYTES) {
      console.error(
        `Expected the handler ${name} to have at most ${MAX_HANDLER_BYTES} bytes, got ${length}. Check its imports, and handlerOptions in components/bundle/handlers.ts.`,
      );
      process.exitCode = 1;
    }
  }
  // The decoder for Python processors, which the component adds to their functions.
  for (const file of globSync("python/*/*.py", { cwd: root })) write(join(dist, file), readFileSync(join(root, file)));
}

/** The folder that a Pulumi.yaml names as the plugin. */
function writePlugin() {
  for (const file of ["schema.json", "PulumiPlugin.yaml", "pulumi-resource-stream-ingestion"])
    write(join(dist, "plugin", file), readFileSync(join(root, "plugin", file)));
  chmodSync(join(dist, "plugin/pulumi-resource-stream-ingestion"), 0o755);
  const { name, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  write(
    join(dist, "plugin/package.json"),
    `${JSON.stringify({ name: `${name}-plugin`, version, main: "./main.js" })}\n`,
  );
}

/** `stream-ingestion`, without `npm start`, which runs this repository's program. What it shares with the deployed code is bundled into it. */
function buildCommand() {
  const folder = join(root, "cli/dist");
  compile(join(root, "cli"), ["**/*.ts"], ["console/page/**", "local/start.ts"]);
  chmodSync(join(folder, "main.js"), 0o755);
  for (const file of globSync("**/*.js", { cwd: folder })) {
    const code = readFileSync(join(folder, file), "utf8");
    const internal = `${"../".repeat(file.split(sep).length - 1) || "./"}internal.js`;
    writeFileSync(join(folder, file), code.replaceAll(INTERNAL, internal));
  }
  const options = builtHandlers().handlerOptions(join(root, "runtime/internal.ts"));
  buildSync({ ...options, keepNames: true, sourcemap: false, outfile: join(folder, "internal.js"), write: true });
}

/** The console's page, with the licences of what is bundled into it. */
async function buildPage() {
  const folder = join(root, "cli/dist/console/page");
  const { script, style } = await bundlePage();
  const bytes = gzipSync(script + style).length;
  console.log(`console: ${bytes} bytes compressed (maximum ${MAX_PAGE_BYTES})`);
  if (bytes > MAX_PAGE_BYTES) {
    console.error(`Expected the console's page to have at most ${MAX_PAGE_BYTES} bytes compressed, got ${bytes}.`);
    process.exitCode = 1;
  }
  write(join(folder, "page.js"), script);
  write(join(folder, "page.css"), style);
  const licences = ["preact", "uplot"].map((name) => {
    const text = readFileSync(join(root, "node_modules", name, "LICENSE"), "utf8");
    return `${name}\n\n${text}`;
  });
  write(join(folder, "LICENSES"), licences.join("\n\n"));
}

/** The component's own options for bundles, as they are just built. */
function builtHandlers() {
  return createRequire(import.meta.url)(join(dist, "components/bundle/handlers.js"));
}

/** `stream-ingestion-local`. */
function buildLocal() {
  const folder = join(root, "local");
  compile(folder, ["**/*.ts"]);
  buildSync({
    entryPoints: [join(folder, "provider/pulumi-protocol.ts")],
    outfile: join(folder, "dist/provider/pulumi-protocol.js"),
    bundle: true,
    external: ["@grpc/*", "google-protobuf"],
    format: "cjs",
    platform: "node",
    target: "node22",
    minifyWhitespace: true,
    logLevel: "warning",
  });
  declareInferred(folder, "index.ts");
}

/** CommonJS, file by file. */
function compile(folder, patterns, exclude = []) {
  const files = globSync(patterns, { cwd: folder, exclude: ["dist", "node_modules", "**/*.d.ts", ...exclude] });
  buildSync({
    entryPoints: files.sort(),
    absWorkingDir: folder,
    outbase: ".",
    outdir: "dist",
    format: "cjs",
    platform: "node",
    target: "node22",
    // As TypeScript compiles it: an `import()` of a file next to this one needs no extension.
    supported: { "dynamic-import": false },
    logLevel: "warning",
  });
}

/** The declarations of the entries and their imports. */
function writeDeclarations(folder, entries) {
  const { declarations, problems } = declareEach(entries.map((entry) => join(folder, entry)));
  report(problems);
  for (const [file, text] of declarations)
    write(join(folder, "dist", relative(folder, file).replace(/\.ts$/, ".d.ts")), text);
}

/** The declarations of an entry and its imports by the compiler, because some of their types are inferred. */
function declareInferred(folder, entry) {
  const options = { ...DECLARATIONS, rootDir: folder, outDir: join(folder, "dist") };
  report(ts.createProgram([join(folder, entry)], options).emit().diagnostics);
}

function report(diagnostics = []) {
  if (diagnostics.length === 0) return;
  console.error(
    ts.formatDiagnostics(diagnostics, {
      getCanonicalFileName: (file) => file,
      getCurrentDirectory: () => root,
      getNewLine: () => "\n",
    }),
  );
  process.exitCode = 1;
}

/** Bundles one entry as ECMAScript module and as CommonJS. A user's bundler can tree-shake only the first. */
function bundleEntry(name, source) {
  for (const [format, js, types] of [
    ["esm", "mjs", "d.mts"],
    ["cjs", "js", "d.ts"],
  ]) {
    buildSync({
      entryPoints: [join(root, `${source}.ts`)],
      absWorkingDir: root,
      outfile: join(dist, `${name}.${js}`),
      bundle: true,
      format,
      platform: "node",
      target: "node22",
      logLevel: "warning",
    });
    write(join(dist, `${name}.${types}`), `export * from "./${source}.js";\n`);
  }
}

/** Writes the published manifest, and the files of every package. */
function writePackage(folder) {
  const text = readFileSync(join(folder, "package.json"), "utf8").replaceAll('"./dist/', '"./');
  const isPublished = (key) =>
    ![SOURCE, "devDependencies", "optionalDependencies", "publishConfig", "scripts", "workspaces"].includes(key);
  const manifest = JSON.parse(text, function (key, value) {
    const isEmpty = typeof value === "object" && Object.keys(value).length === 0;
    return Array.isArray(this) || (isPublished(key) && !isEmpty) ? value : undefined;
  });
  write(join(folder, "dist/package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
  for (const [file, from] of [
    ["LICENSE", root],
    ["README.md", folder],
    ["CHANGELOG.md", folder],
  ])
    if (existsSync(join(from, file))) copyFileSync(join(from, file), join(folder, "dist", file));
  const readme = join(folder, "dist/README.md");
  writeFileSync(readme, withAbsoluteLinks(readFileSync(readme, "utf8"), relative(root, folder), manifest.homepage));
}

/** npm shows the README without the files of the repository, so its links go to them on GitHub. */
function withAbsoluteLinks(text, folder, homepage) {
  const [repository] = homepage.split(/#|\/tree\//);
  return text.replace(/(!?)(\[[^\]]*\])\((?!https?:|#)([^)\s]+)\)/g, (_, image, label, target) => {
    const path = join(folder, target).replaceAll(sep, "/");
    return `${image}${label}(${repository}/${image ? "raw" : "blob"}/main/${path})`;
  });
}

function write(file, content) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}
