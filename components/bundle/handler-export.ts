import { readFileSync } from "node:fs";
import { extname, join } from "node:path";
import {
  type AnyNode,
  type Expression,
  type Function as FunctionNode,
  type ModuleDeclaration,
  type Pattern,
  type Program,
  parse,
  type Statement,
} from "acorn";
import { type Loader, type Metafile, transformSync } from "esbuild";

/** What an exported name is, according to the source. `unknown`: only known at run time, as for the result of a call. */
export type Finding =
  | { readonly kind: "function"; readonly parameters: number }
  | { readonly kind: "value"; readonly is: string }
  | { readonly kind: "missing" | "unknown" };

const MISSING: Finding = { kind: "missing" };
const UNKNOWN: Finding = { kind: "unknown" };

/**
 * Finds `name` in the exports of a bundle's entry, also through re-exports. It does not run the code, because a deployment must not
 * have its side effects.
 */
export function findExport(name: string, entry: string, folder: string, { inputs }: Metafile): Finding {
  const seen = new Set<string>();
  return inModule(entry, name);

  function inModule(path: string, exported: string): Finding {
    const input = inputs[path];
    if (input === undefined || seen.has(`${path}\0${exported}`)) return UNKNOWN;
    seen.add(`${path}\0${exported}`);
    const program = parsed(join(folder, path), input.format === "esm");
    if (program === undefined) return UNKNOWN;
    if (input.format !== "esm") return inCommonJs(program, exported);
    const target = (specifier: unknown) =>
      input.imports.find(({ original, external }) => original === specifier && !external)?.path ?? "";
    return inEsModule(program.body, exported, (specifier, wanted) => inModule(target(specifier), wanted));
  }
}

type Follow = (specifier: unknown, name: string) => Finding;
type Body = readonly (Statement | ModuleDeclaration)[];

function inEsModule(body: Body, name: string, follow: Follow): Finding {
  let starred: Finding = MISSING;
  for (const node of body) {
    if (node.type === "ExportNamedDeclaration") {
      if (node.declaration && declared(node.declaration, name)) return bound(body, name, follow);
      const specifier = node.specifiers.find(({ exported }) => nameOf(exported) === name);
      if (specifier && node.source) return follow(node.source.value, nameOf(specifier.local));
      if (specifier) return bound(body, nameOf(specifier.local), follow);
    } else if (node.type === "ExportAllDeclaration") {
      if (node.exported && nameOf(node.exported) === name) return { kind: "value", is: "a module" };
      if (!node.exported && starred.kind === "missing") starred = follow(node.source.value, name);
    }
  }
  return starred;
}

/** The value of a top-level name of an ES module. */
function bound(body: Body, name: string, follow: Follow): Finding {
  for (const node of body) {
    if (node.type === "ImportDeclaration") {
      const specifier = node.specifiers.find(({ local }) => local.name === name);
      if (specifier?.type === "ImportSpecifier") return follow(node.source.value, nameOf(specifier.imported));
      if (specifier) return UNKNOWN;
    }
    const declaration = node.type === "ExportNamedDeclaration" ? node.declaration : node;
    const value = declaration && declared(declaration, name);
    if (value) return findingOf(value, (other) => (other === name ? UNKNOWN : bound(body, other, follow)));
  }
  return UNKNOWN;
}

/** The node that a declaration binds to `name`. The value of a `let` is ignored, because it can be assigned later. */
function declared(node: AnyNode, name: string): AnyNode | undefined {
  if (node.type === "FunctionDeclaration" || node.type === "ClassDeclaration")
    return node.id?.name === name ? node : undefined;
  if (node.type !== "VariableDeclaration") return undefined;
  for (const { id, init } of node.declarations) {
    if (id.type === "Identifier" && id.name === name) return node.kind === "const" && init ? init : node;
    if (id.type !== "Identifier" && namesIn(id).includes(name)) return node;
  }
  return undefined;
}

function namesIn(pattern: Pattern): string[] {
  switch (pattern.type) {
    case "Identifier":
      return [pattern.name];
    case "ObjectPattern":
      return pattern.properties.flatMap((part) => namesIn(part.type === "Property" ? part.value : part.argument));
    case "ArrayPattern":
      return pattern.elements.flatMap((part) => (part ? namesIn(part) : []));
    case "AssignmentPattern":
      return namesIn(pattern.left);
    case "RestElement":
      return namesIn(pattern.argument);
    default:
      return [];
  }
}

function findingOf(node: AnyNode, named: (name: string) => Finding): Finding {
  switch (node.type) {
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ArrowFunctionExpression":
      return node.generator ? { kind: "value", is: "a generator" } : { kind: "function", parameters: lengthOf(node) };
    case "ClassDeclaration":
    case "ClassExpression":
      return { kind: "value", is: "a class" };
    case "ObjectExpression":
      return { kind: "value", is: "an object" };
    case "ArrayExpression":
      return { kind: "value", is: "an array" };
    case "TemplateLiteral":
      return { kind: "value", is: "a string" };
    case "Literal":
      return { kind: "value", is: node.value === null ? "null" : `a ${typeof node.value}` };
    case "UnaryExpression":
      return node.operator === "void" ? { kind: "value", is: "undefined" } : UNKNOWN;
    case "Identifier":
      return node.name === "undefined" ? { kind: "value", is: "undefined" } : named(node.name);
    default:
      return UNKNOWN;
  }
}

/** The function's `length`, which Lambda also checks: parameters before the first default or rest parameter. */
function lengthOf({ params }: FunctionNode): number {
  const optional = params.findIndex(({ type }) => type === "AssignmentPattern" || type === "RestElement");
  return optional < 0 ? params.length : optional;
}

/** The last plain `exports.name = …`, or the object of `module.exports = { … }`. Any other export is unknown. */
function inCommonJs({ body }: Program, name: string): Finding {
  let found: Finding = UNKNOWN;
  for (const node of body) {
    if (node.type !== "ExpressionStatement" || node.expression.type !== "AssignmentExpression") continue;
    const { left, right } = node.expression;
    const path = dotted(left as AnyNode);
    if (path === `exports.${name}` || path === `module.exports.${name}`) found = inScript(body, right);
    if (path !== "module.exports" || right.type !== "ObjectExpression") continue;
    for (const property of right.properties)
      if (property.type === "Property" && dotted(property.key) === name) found = inScript(body, property.value);
  }
  return found;
}

function inScript(body: Body, value: Expression): Finding {
  if (value.type === "UnaryExpression") return UNKNOWN;
  return findingOf(value, (name) => {
    const declaration = body.map((node) => declared(node, name)).find((node) => node !== undefined);
    return declaration ? findingOf(declaration, () => UNKNOWN) : UNKNOWN;
  });
}

function dotted(node: AnyNode): string | undefined {
  if (node.type === "Identifier") return node.name;
  if (node.type !== "MemberExpression" || node.computed) return undefined;
  return `${dotted(node.object)}.${dotted(node.property)}`;
}

const nameOf = (node: { readonly type: string; readonly name?: string; readonly value?: unknown }): string =>
  String(node.type === "Identifier" ? node.name : node.value);

const LOADERS: Readonly<Record<string, Loader>> = {
  ".ts": "ts",
  ".mts": "ts",
  ".cts": "ts",
  ".tsx": "tsx",
  ".jsx": "jsx",
};

/** `undefined` = not JavaScript: JSON, or a file for another loader. */
function parsed(path: string, isModule: boolean): Program | undefined {
  try {
    const loader = LOADERS[extname(path)];
    const source = readFileSync(path, "utf8");
    const code = loader ? transformSync(source, { loader, target: "esnext" }).code : source;
    return parse(code, {
      ecmaVersion: "latest",
      sourceType: isModule ? "module" : "script",
      allowHashBang: true,
      allowReturnOutsideFunction: true,
      allowAwaitOutsideFunction: true,
    });
  } catch {
    return undefined;
  }
}
