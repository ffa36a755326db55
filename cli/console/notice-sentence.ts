/** A notice as a sentence. @param what what it is about, several joined with commas. Absent: `text` is the sentence */
export function noticeSentence(text: string, ...what: readonly (string | undefined)[]): string {
  const [first, ...others] = what.filter((one) => one !== undefined);
  if (first === undefined) return text;
  const and = others.length === 0 ? "" : ` and ${others.length === 1 ? others[0] : `${others.length} others`}`;
  return `${first[0]!.toUpperCase()}${first.slice(1)}${and} ${text}`;
}
