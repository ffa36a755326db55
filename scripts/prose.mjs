import ts from "typescript";

/**
 * Words and phrases that a non-native reader stumbles over, each with what to write instead. A pattern matches whole words
 * in any case; a space in it matches any white space, so that a phrase is found across a line break.
 */
const RULES = [
  ["bears?|bore|borne", "support, accept, allow"],
  ["besides", "also, in addition"],
  ["tells?|told|telling", "report, show, say"],
  ["heed(?:s|ed|ing)?", "apply, follow"],
  ["mend(?:s|ed|ing)?", "fix, repair"],
  ["rings?(?! buffers?)|rang|ringing", "is in ALARM"],
  ["midst", "during, in the middle of"],
  ["shall", "must, will"],
  ["(?<!there )(?:is|are) no(?! (?:longer|more|less|fewer|different)\\b)(?= \\w)", "is not a, has no"],
  ["of (?:its|their|our|my|your) own", "its own, separate"],
  ["asked for", "requested"],
  ["goes without|go without|went without", "has no, omits"],
  ["lies? in", "is in"],
  ["(?:comes?|came) in(?! (?:an?|the|any|many|small|groups|order|pairs|pieces)\\b)", "is received, arrives"],
  ["hand-overs?", "handover"],
].map(([words, instead]) => ({
  // Not inside an identifier, a path or a hyphenated name: `bear_count`, `tell()`, `--ring`.
  pattern: new RegExp(`(?<![\\w$@/.-])(?:${words.replaceAll(" ", "\\s+")})(?![\\w$(/=-]|\\.\\w)`, "gi"),
  instead,
}));
RULES.push({ pattern: /[«»]/g, instead: "backticks or quotes" });

/** What is not prose, in either kind of file: `code`, URLs, link targets, and placeholders such as <name>. */
const NOT_PROSE = /\\?`[^`\n]*`|\bhttps?:\/\/\S+|\]\([^)\s]*\)|<[\w:/.-]+>/g;

/** No character of any prose, so that no phrase reaches across it. */
const MASK = "\0";

/**
 * The words in a text that a plain one avoids. Markdown and YAML are read as a whole, TypeScript and JavaScript in comments
 * and in strings of more than one word.
 * @returns {{ line: number, found: string, instead: string }[]} in the order of the text
 */
export function findWords(file, text) {
  const prose = /\.[cm]?[jt]sx?$/.test(file) ? commentsAndStrings(file, text) : text;
  const readable = prose.replace(NOT_PROSE, blank);
  return RULES.flatMap(({ pattern, instead }) => [...readable.matchAll(pattern)].map((match) => ({ match, instead })))
    .sort((a, b) => a.match.index - b.match.index)
    .map(({ match: { 0: found, index }, instead }) => ({
      line: text.slice(0, index).split("\n").length,
      found: found.replace(/\s+/g, " "),
      instead,
    }));
}

/** The source with everything but comments and strings masked, character by character: offsets stay. */
function commentsAndStrings(name, source) {
  const file = ts.createSourceFile(
    name.endsWith("x") ? "source.tsx" : "source.ts",
    source,
    ts.ScriptTarget.Latest,
    true,
  );
  const kept = new Map();
  const keepComments = (ranges) => {
    for (const { pos, end } of ranges ?? [])
      kept.set(pos, source.slice(pos, end).replace(/^[ \t]*(?:\*|\/\/)/gm, spaces));
  };
  const visit = (node) => {
    keepComments(ts.getLeadingCommentRanges(source, node.getFullStart()));
    keepComments(ts.getTrailingCommentRanges(source, node.getEnd()));
    const children = node.getChildren(file);
    const text = isText(node) ? source.slice(node.getStart(file), node.getEnd()) : "";
    if (/\s/.test(text)) kept.set(node.getStart(file), text);
    for (const child of children) visit(child);
  };
  visit(file);
  let masked = "";
  for (const [pos, text] of [...kept].sort(([a], [b]) => a - b)) {
    if (pos < masked.length) continue;
    masked += blank(source.slice(masked.length, pos)) + text;
  }
  return masked + blank(source.slice(masked.length));
}

function isText(node) {
  return (
    ts.isStringLiteralLike(node) ||
    ts.isTemplateHead(node) ||
    ts.isTemplateMiddleOrTemplateTail(node) ||
    ts.isJsxText(node)
  );
}

/** Line breaks stay, so that a phrase continues from one `//` comment to the next. */
function blank(text) {
  return text.replace(/[^\n]/g, MASK);
}

function spaces(text) {
  return " ".repeat(text.length);
}
