const CREATED = String.raw`(?:\w+\.)?createRequire\(\s*import\.meta\.(?:url|filename)\s*\)`;
const DECLARATION = new RegExp(String.raw`\b(?:const|let|var)\s+(\w+)\s*=\s*${CREATED}[ \t]*;?`, "g");
const DIRECT_CALL = new RegExp(String.raw`\b${CREATED}\s*\(`, "g");

const PLAIN = "require";

/**
 * The source with the calls of a `createRequire(import.meta.url)` as calls of `require`, which esbuild bundles: it does not
 * follow the created function. `undefined` = the source creates none. Line numbers stay.
 */
export function withPlainRequires(source: string): string | undefined {
  if (!source.includes("createRequire") || !source.includes("import.meta")) return undefined;
  const names = [...source.matchAll(DECLARATION)].map(([, name]) => name as string);
  let result = source.replace(DECLARATION, (declaration, name) =>
    // Other names may also be passed on: their declaration stays.
    name === "require" ? declaration.replace(/[^\n]/g, " ") : declaration,
  );
  for (const name of names)
    result = result.replace(new RegExp(String.raw`(?<![\w.$])${name}\((?=\s*["'\x60])`, "g"), `${PLAIN}(`);
  result = result.replace(DIRECT_CALL, `${PLAIN}(`);
  return result === source ? undefined : result;
}
