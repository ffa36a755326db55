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
    const script = parsed(join(folder, path), input.format === "esm");
    if (script === undefined) return UNKNOWN;
    const { program, code } = script;
    // The default import of CommonJS is what it assigns to `module.exports`.
    if (input.format !== "esm") return exported === "default" ? UNKNOWN : inCommonJs(program, code, exported);
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
    } else if (node.type === "ExportDefaultDeclaration") {
      if (name === "default")
        return findingOf(unwrapped(body, node.declaration), (other) => bound(body, other, follow));
    } else if (node.type === "ExportAllDeclaration") {
      if (node.exported && nameOf(node.exported) === name) return { kind: "value", is: "a module" };
      if (!node.exported && name !== "default" && starred.kind === "missing") starred = follow(node.source.value, name);
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
      if (specifier?.type === "ImportDefaultSpecifier") return follow(node.source.value, "default");
      if (specifier) return { kind: "value", is: "a module" };
    }
    const declaration = node.type === "ExportNamedDeclaration" ? node.declaration : node;
    const value = declaration && declared(declaration, name);
    if (value)
      return findingOf(unwrapped(body, value), (other) => (other === name ? UNKNOWN : bound(body, other, follow)));
  }
  return UNKNOWN;
}

/** The function in a call of `eachEvent` or `eachBatch`. The result of another call is only known at run time. */
function unwrapped(body: Body, node: AnyNode): AnyNode {
  if (node.type !== "CallExpression" || node.callee.type !== "Identifier") return node;
  const { name } = node.callee;
  const ours = body.some(
    (other) =>
      other.type === "ImportDeclaration" &&
      other.source.value === "pulumi-stream-ingestion/processor" &&
      other.specifiers.some(({ local }) => local.name === name),
  );
  return (ours && node.arguments[0]) || node;
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

/**
 * The last plain `exports.name = …`, or a property of the last `module.exports = …`. Missing only if nothing else in the source can
 * export: any other mention of `exports`, `module` or `this` makes it unknown.
 */
function inCommonJs({ body }: Program, source: string, name: string): Finding {
  let found: Finding = MISSING;
  let rest = source;
  for (const node of body) {
    if (node.type !== "ExpressionStatement" || node.expression.type !== "AssignmentExpression") continue;
    const { left, right } = node.expression;
    const path = dotted(left as AnyNode) ?? "";
    if (/^(module\.)?exports\.\w+$/.test(path)) {
      if (path.endsWith(`.${name}`)) found = inScript(body, right);
    } else if (path === "module.exports") found = propertyOf(body, right, name);
    else continue;
    rest = rest.slice(0, left.start) + " ".repeat(left.end - left.start) + rest.slice(left.end);
  }
  return found.kind === "missing" && /\b(exports|module|this|eval)\b/.test(rest) ? UNKNOWN : found;
}

/** The property of what is assigned to `module.exports`. */
function propertyOf(body: Body, value: Expression, name: string): Finding {
  if (value.type !== "ObjectExpression") {
    const { kind } = inScript(body, value);
    return kind === "unknown" || value.type === "Identifier" ? UNKNOWN : MISSING;
  }
  let found: Finding = MISSING;
  for (const property of value.properties) {
    if (property.type === "SpreadElement" || property.computed) found = UNKNOWN;
    else if (keyOf(property.key) === name) found = inScript(body, property.value);
  }
  return found;
}

const keyOf = (key: AnyNode) => (key.type === "Literal" ? String(key.value) : dotted(key));

function inScript(body: Body, value: Expression): Finding {
  if (value.type === "UnaryExpression") return UNKNOWN;
  return findingOf(value, (name) => {
    const declaration = body.map((node) => declared(node, name)).find((node) => node !== undefined);
    return declaration ? findingOf(declaration, () => UNKNOWN) : UNKNOWN;
  });
}

function dotted(node: AnyNode): string | undefined {
  if (node.type === "Identifier") return node.name;
  if (node.type !== "MemberExpression") return undefined;
  if (node.computed && node.property.type !== "Literal") return undefined;
  return `${dotted(node.object)}.${keyOf(node.property)}`;
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
function parsed(path: string, isModule: boolean): { program: Program; code: string } | undefined {
  try {
    const loader = LOADERS[extname(path)];
    const source = readFileSync(path, "utf8");
    const code = loader ? transformSync(source, { loader, target: "esnext" }).code : source;
    const program = parse(code, {
      ecmaVersion: "latest",
      sourceType: isModule ? "module" : "script",
      allowHashBang: true,
      allowReturnOutsideFunction: true,
      allowAwaitOutsideFunction: true,
    });
    return { program, code };
  } catch {
    return undefined;
  }
}
