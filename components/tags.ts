import { expectThat } from "./expect";

/** The limits that every tagged service accepts. https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html */
const MAX_TAGS = 50;
const MAX_KEY = 128;
const MAX_VALUE = 256;
const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
const CHARACTERS = "letters, digits, spaces and _ . : / = + - @";

/** Checks `tags`. @throws Error that names the tag and what is allowed */
export function checkedTags(tags: Readonly<Record<string, string>>): Record<string, string> {
  const isMap = typeof tags === "object" && tags !== null && !Array.isArray(tags);
  expectThat(isMap, "`tags` to be an object of keys and values", JSON.stringify(tags));
  const entries = Object.entries(tags);
  expectThat(entries.length <= MAX_TAGS, `\`tags\` to have at most ${MAX_TAGS} tags`, `${entries.length}`);
  for (const [key, value] of entries) {
    expectThat(!/^aws:/i.test(key), "`tags` without keys that start with aws:, which AWS reserves", `"${key}"`);
    expectThat(key !== "" && fits(key, MAX_KEY), `each key of \`tags\` to be 1..${MAX_KEY} ${CHARACTERS}`, `"${key}"`);
    expectThat(
      typeof value === "string" && fits(value, MAX_VALUE),
      `\`tags["${key}"]\` to be at most ${MAX_VALUE} ${CHARACTERS}`,
      JSON.stringify(value) ?? "undefined",
    );
  }
  return tags;
}

const fits = (text: string, length: number) => [...text].length <= length && ALLOWED.test(text);
