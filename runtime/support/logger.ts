export type LogLevel = "debug" | "info" | "warn" | "error";
export type LogFields = Readonly<Record<string, unknown>>;

/** Structured log: one JSON object a line on stdout, which Lambda sends to the function's log group. */
export interface Logger {
  log(level: LogLevel, message: string, fields?: LogFields): void;
  /** The same logger with `fields` on every line. */
  with(fields: LogFields): Logger;
}

export function jsonLogger(
  write: (line: string) => void = (line) => process.stdout.write(`${line}\n`),
  base: LogFields = {},
  now: () => number = Date.now,
): Logger {
  return {
    log: (level, message, fields = {}) =>
      write(JSON.stringify({ time: new Date(now()).toISOString(), level, message, ...base, ...describe(fields) })),
    with: (fields) => jsonLogger(write, { ...base, ...fields }, now),
  };
}

export const silentLogger: Logger = { log: () => {}, with: () => silentLogger };

/** Errors become {code, message}: their enumerable fields can hold request headers, and so the key. */
function describe(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      value instanceof Error
        ? { code: (value as { code?: unknown }).code ?? value.name, message: value.message }
        : value,
    ]),
  );
}
