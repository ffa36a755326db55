/** What to do about a problem of a processor, by a part of its text. */
const ADVICE: readonly (readonly [RegExp, (...parts: string[]) => string])[] = [
  [
    /Cannot find (?:module|package) '(@(?:aws-sdk|smithy)\/[^']+)'/,
    (name) => `Lambda provides ${name}. To run it here, install it: npm install --save-dev ${name}`,
  ],
  [
    /Cannot find (?:module|package) '([^'.][^']*)'/,
    (name) =>
      `${name} is not in the bundle. Add it to \`processor.install\`, or remove it from \`processor.bundle.externals\`.`,
  ],
  [/Task timed out after/, () => "Increase `processor.timeoutSeconds`, or reduce `processor.batchSize`."],
  [
    /Runtime exited|Process ended before it replied/,
    () => "The code ended its process, or used more memory than the function has.",
  ],
];

/** A sentence about the fix of a known problem. */
export function adviceFor(text: string): string | undefined {
  for (const [pattern, advice] of ADVICE) {
    const found = pattern.exec(text);
    if (found !== null) return advice(...found.slice(1));
  }
  return undefined;
}
