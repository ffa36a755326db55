/** An error that the user of the local stack can fix. It is shown as its message, without a stack trace. */
export class LocalError extends Error {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "LocalError";
  }
}
