import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { BuildOptions } from "esbuild";
import { type Bundle, type CodeFiles, toBundle } from "./bundle";
import { bundleOptions, compile } from "./compile";

export type HandlerName = "connection-api" | "connection-manager" | "watchdog";

/** One of our handlers: prebuilt in the published package, from its source in the repository. */
export function bundleHandler(name: HandlerName): Bundle {
  const known = handlers.get(name) ?? toBundle(readHandler(name), "index.handler");
  handlers.set(name, known);
  return known;
}

/** They are the same for every instance in a program. */
const handlers = new Map<HandlerName, Bundle>();

function readHandler(name: HandlerName): CodeFiles {
  const prebuilt = join(__dirname, "..", "..", "handlers", name);
  if (existsSync(join(prebuilt, "index.js")))
    return new Map(["index.js", "index.js.map"].map((file) => [file, readFileSync(join(prebuilt, file))]));
  return buildHandler(join(__dirname, "..", "..", "runtime", "handlers", `${name}.ts`));
}

/** `index.js` and `index.js.map`, here and in the package's build. */
export function buildHandler(entry: string): CodeFiles {
  return compile(handlerOptions(entry)).files;
}

/** undici falls back to it where WebAssembly has no SIMD, which Lambda and every Node since 16 have. */
const PARSER_WITHOUT_SIMD = "../llhttp/llhttp-wasm.js";
/** Under this name undici does not find HTTP/2, and does without: `source.http2` uses Node's own client, and loads its 4 MB only then. */
const NO_HTTP2 = "http2-left-out";

/** `ws` looks for two compiled packages that make it a little faster, and does without them: a bundle has none. */
const WITHOUT_NATIVE_PARTS = {
  "process.env.WS_NO_BUFFER_UTIL": '"1"',
  "process.env.WS_NO_UTF_8_VALIDATE": '"1"',
};

/**
 * How a handler of ours is bundled. `esbuildDetection` is undici's own name for a bundle that leaves its second, experimental
 * parser out. With the parser above: 298 KB instead of 536. ES modules are preferred, since their unused parts are left out.
 */
export function handlerOptions(entry: string): BuildOptions {
  return {
    ...bundleOptions(entry),
    format: "cjs",
    target: "node24",
    mainFields: ["module", "main"],
    conditions: ["module"],
    external: [PARSER_WITHOUT_SIMD, NO_HTTP2],
    alias: { "node:http2": NO_HTTP2 },
    define: { esbuildDetection: "true", ...WITHOUT_NATIVE_PARTS },
    outfile: join(dirname(entry), "index.js"),
  };
}
