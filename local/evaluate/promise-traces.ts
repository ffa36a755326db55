/**
 * Pulumi's SDK stores a stack trace with each promise, for its report of leaked promises. With source maps, these traces take
 * most of a program's time, so this leaves them out. Stack traces of errors stay as they are.
 */
export function omitPromiseTraces(): void {
  const format = Error.prepareStackTrace;
  if (format === undefined) return;
  Error.prepareStackTrace = (error, frames) =>
    frames[0]?.getFunctionName() === "debuggablePromise" ? String(error) : format(error, frames);
}
