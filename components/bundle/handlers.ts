import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { BuildOptions } from "esbuild";
import { type Bundle, type CodeFiles, toBundle } from "./bundle";
import { bundleOptions, compile } from "./compile";

export type HandlerName = "connection-api" | "connection-manager" | "repeat-counter" | "watchdog";

/** The bundle of a handler of the component: prebuilt in the published package, built from source in the repository. */
export function bundleHandler(name: HandlerName): Bundle {
  const known = handlers.get(name) ?? toBundle(readHandler(name), "index.handler");
  handlers.set(name, known);
  return known;
}

/** Every component of a program uses the same bundles. */
const handlers = new Map<HandlerName, Bundle>();

function readHandler(name: HandlerName): CodeFiles {
  const prebuilt = join(__dirname, "..", "..", "handlers", name);
  if (existsSync(join(prebuilt, "index.js")))
    return new Map(["index.js", "index.js.map"].map((file) => [file, readFileSync(join(prebuilt, file))]));
  return buildHandler(join(__dirname, "..", "..", "runtime", "handlers", `${name}.ts`));
}

/** Builds `index.js` and `index.js.map`; also used by the package's build. */
export function buildHandler(entry: string): CodeFiles {
  return compile(handlerOptions(entry)).files;
}

/** undici's fallback for WebAssembly without SIMD. Lambda and every Node.js since 16 have SIMD. */
const PARSER_WITHOUT_SIMD = "../llhttp/llhttp-wasm.js";
/** A name that undici does not find, so that it works without HTTP/2. `source.http2` uses Node's client, and loads its 4 MB only then. */
const NO_HTTP2 = "http2-left-out";

/** Two optional native packages of `ws`, which a bundle cannot contain. */
const WITHOUT_NATIVE_PARTS = {
  "process.env.WS_NO_BUFFER_UTIL": '"1"',
  "process.env.WS_NO_UTF_8_VALIDATE": '"1"',
};

/**
 * Bundle options of the component's handlers. undici omits its second, experimental parser when `esbuildDetection` is true. Without
 * both parsers, the bundle has 298 KB instead of 536. ES modules are preferred, because esbuild removes their unused parts.
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
