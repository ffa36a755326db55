/** What the user of the local stack can fix: its message is a whole sentence and is shown without a stack trace. */
export class LocalError extends Error {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "LocalError";
  }
}
