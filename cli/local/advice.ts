/** What to do about a problem of a processor, by a part of its text. */
const ADVICE: readonly (readonly [RegExp, (...parts: string[]) => string])[] = [
  [
    /Cannot find (?:module|package) '(@(?:aws-sdk|smithy)\/[^']+)'/,
    (name) => `Lambda provides ${name}. To run it here, install it: npm install --save-dev ${name}`,
  ],
  [
    /Cannot find (?:module|package) '([^'.][^']*)'/,
    (name) =>
      `${name} is not in the bundle. Add it to \`processor.install\`, or remove it from \`processor.externals\`.`,
  ],
  [/Task timed out after/, () => "Increase `processor.timeoutSeconds`, or reduce `processor.batchSize`."],
  [
    /Process ended before it replied: (?:SIGABRT|exit status 134)/,
    () => "It used more memory than it has. Increase `processor.memorySize`, or keep less in memory.",
  ],
  [
    /Process ended before it replied: exit status/,
    () => "The code called `process.exit`. Return from the handler instead, or throw an error.",
  ],
  [/Process ended before it replied/, () => "A signal ended the process."],
];

/** A sentence about the fix of a known problem. */
export function adviceFor(text: string): string | undefined {
  for (const [pattern, advice] of ADVICE) {
    const found = pattern.exec(text);
    if (found !== null) return advice(...found.slice(1));
  }
  return undefined;
}
