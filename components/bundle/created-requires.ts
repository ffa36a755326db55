const CREATED = String.raw`(?:\w+\.)?createRequire\(\s*import\.meta\.(?:url|filename)\s*\)`;
const DECLARATION = new RegExp(String.raw`\b(?:const|let|var)\s+(\w+)\s*=\s*${CREATED}[ \t]*;?`, "g");
const DIRECT_CALL = new RegExp(String.raw`\b${CREATED}\s*\(`, "g");

const PLAIN = "require";

/**
 * Replaces calls of a function from `createRequire(import.meta.url)` by calls of `require`, because esbuild bundles only those.
 * `undefined` = the source has no such function. Line numbers do not change.
 */
export function withPlainRequires(source: string): string | undefined {
  if (!source.includes("createRequire") || !source.includes("import.meta")) return undefined;
  const names = [...source.matchAll(DECLARATION)].map(([, name]) => name as string);
  let result = source.replace(DECLARATION, (declaration, name) =>
    // The function can also be passed on, so its declaration remains.
    name === "require" ? declaration.replace(/[^\n]/g, " ") : declaration,
  );
  for (const name of names)
    result = result.replace(new RegExp(String.raw`(?<![\w.$])${name}\((?=\s*["'\x60])`, "g"), `${PLAIN}(`);
  result = result.replace(DIRECT_CALL, `${PLAIN}(`);
  return result === source ? undefined : result;
}
