import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import type * as typescript from "typescript";

const COMMENT = /\/\*[\s\S]*?\*\/|\/\/.*$/gm;
const DECORATOR = /(^|[\s{}(;,])@[A-Za-z_$]/m;
const EMITS = /"emitDecoratorMetadata"\s*:\s*true/;

/**
 * Compiles a file with TypeScript if its decorators need type metadata (TypeORM, NestJS), which esbuild does not emit.
 * `undefined` = the file does not need it.
 *
 * @throws Error when the project has no TypeScript compiler
 */
export function withDecoratorMetadata(path: string, source: string): string | undefined {
  if (!/\.[mc]?tsx?$/.test(path) || !DECORATOR.test(source.replace(COMMENT, ""))) return undefined;
  const config = nearestConfig(dirname(path));
  if (config === undefined || !emitsMetadata(config)) return undefined;
  const ts = compilerOf(path);
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(config, ts.sys.readFile).config,
    ts.sys,
    dirname(config),
  );
  return ts.transpileModule(source, {
    fileName: path,
    compilerOptions: {
      ...options,
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2022,
      // As tsc does for the project's target: a field must not hide an accessor that a decorator defined.
      useDefineForClassFields: options.useDefineForClassFields ?? (options.target ?? 0) >= ts.ScriptTarget.ES2022,
      verbatimModuleSyntax: false,
      sourceMap: false,
      inlineSourceMap: true,
      inlineSources: false,
      declaration: false,
      declarationMap: false,
      composite: false,
      incremental: false,
      noEmit: false,
    },
  }).outputText;
}

function compilerOf(path: string): typeof typescript {
  try {
    const ts = createRequire(path)("typescript") as typeof typescript;
    if (typeof ts.transpileModule === "function") return ts;
  } catch {
    // The error below contains the advice.
  }
  throw new Error(
    `${path} has decorators, and its tsconfig.json sets \`emitDecoratorMetadata\`: only the TypeScript compiler (up to 6) emits ` +
      "that metadata, and it was not found from there. Install it: npm install --save-dev typescript@5. Or remove the setting.",
  );
}

function nearestConfig(folder: string): string | undefined {
  const config = join(folder, "tsconfig.json");
  if (existsSync(config)) return config;
  const parent = dirname(folder);
  return parent === folder ? undefined : nearestConfig(parent);
}

/** Searches the text, including comments, because there may be no compiler to parse it. */
function emitsMetadata(config: string, depth = 0): boolean {
  if (depth > 8 || !existsSync(config)) return false;
  const text = readFileSync(config, "utf8").replace(/^\s*\/\/.*$/gm, "");
  if (/"emitDecoratorMetadata"\s*:/.test(text)) return EMITS.test(text);
  const [, single, list] = /"extends"\s*:\s*(?:"([^"]+)"|\[([^\]]*)\])/.exec(text) ?? [];
  const parents = single ? [single] : [...(list ?? "").matchAll(/"([^"]+)"/g)].map(([, name]) => name as string);
  return parents.some((parent) => emitsMetadata(configPath(parent, config), depth + 1));
}

function configPath(name: string, from: string): string {
  if (!name.startsWith(".")) {
    for (const candidate of [name, `${name}.json`, `${name}/tsconfig.json`])
      try {
        return createRequire(from).resolve(candidate);
      } catch {
        // Try the next candidate.
      }
    return "";
  }
  const path = resolve(dirname(from), name);
  return path.endsWith(".json") ? path : `${path}.json`;
}
