/** Skips a test or hook that needs something which this machine does not have, and prints what. In CI, that is an error. */
export function skipWithout(context: Mocha.Context, missing: string): never {
  if (process.env.CI) throw new Error(missing);
  console.warn(`SKIPPED: ${missing}`);
  return context.skip();
}
