// What npm publishes: compiled CommonJS with declarations, and our handlers bundled beforehand, so that a consumer's
// deploy compiles their processor alone.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/** Largest handler, minified: what a cold start has to read. */
const MAX_BUNDLE_BYTES = 600 * 1024;

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");
const require = createRequire(import.meta.url);

rmSync(dist, { recursive: true, force: true });
const tsc = spawnSync(process.execPath, [require.resolve("typescript/bin/tsc"), "-p", "tsconfig.build.json"], {
  cwd: root,
  stdio: "inherit",
});
if (tsc.status !== 0) process.exit(tsc.status ?? 1);

const { buildHandler } = require(join(dist, "components/bundle/handlers.js"));
let tooLarge = false;
for (const name of ["connection-api", "connection-manager", "watchdog"]) {
  const folder = join(dist, "handlers", name);
  mkdirSync(folder, { recursive: true });
  for (const [file, bytes] of buildHandler(join(root, "runtime/handlers", `${name}.ts`)))
    writeFileSync(join(folder, file), bytes);
  const { length } = readFileSync(join(folder, "index.js"));
  console.log(`${name}: ${length} bytes of at most ${MAX_BUNDLE_BYTES}`);
  tooLarge ||= length > MAX_BUNDLE_BYTES;
}
chmodSync(join(dist, "cli/main.js"), 0o755);
if (tooLarge) {
  console.error(
    "A handler is larger than a cold start should read: see what it imports, or handlerOptions in components/bundle/handlers.ts.",
  );
  process.exit(1);
}
