import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";

/** How the compiler writes declarations; `npm run types` checks the types. */
export const DECLARATIONS = {
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.es2023.d.ts"],
  moduleResolution: ts.ModuleResolutionKind.Node10,
  types: ["node"],
  strict: true,
  noCheck: true,
  esModuleInterop: true,
  declaration: true,
  emitDeclarationOnly: true,
  stripInternal: true,
};

/**
 * The declarations of the entries and their imports, file by file. This requires explicit types for exports, because to infer
 * them the compiler would read all 3,800 files of @pulumi/aws.
 * @param entries absolute paths
 * @returns the declarations by the path of their source, and what the compiler cannot declare
 */
export function declareEach(entries) {
  const declarations = new Map();
  const problems = [];
  const files = new Set(entries);
  for (const file of files) {
    const { outputText, diagnostics } = ts.transpileDeclaration(readFileSync(file, "utf8"), {
      fileName: file,
      reportDiagnostics: true,
      compilerOptions: DECLARATIONS,
    });
    problems.push(...diagnostics);
    declarations.set(file, outputText);
    for (const { fileName } of ts.preProcessFile(outputText).importedFiles) {
      const path = join(dirname(file), fileName);
      if (fileName.startsWith(".")) files.add(existsSync(`${path}.ts`) ? `${path}.ts` : join(path, "index.ts"));
    }
  }
  return { declarations, problems };
}
