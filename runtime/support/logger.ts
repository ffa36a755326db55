export type LogLevel = "debug" | "info" | "warn" | "error";
export type LogFields = Readonly<Record<string, unknown>>;

/** Structured log: one JSON object per line on stdout, which Lambda sends to the function's log group. */
export interface Logger {
  log(level: LogLevel, message: string, fields?: LogFields): void;
  /** Returns a logger that adds `fields` to every line. */
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
    with: (fields) => jsonLogger(write, { ...base, ...describe(fields) }, now),
  };
}

export const silentLogger: Logger = { log: () => {}, with: () => silentLogger };

/** Names that each line has. A field with one of them gets an underscore, so that it does not replace the line's value. */
const RESERVED = ["time", "level", "message"];

/** Logs of an error only `code` and `message`: its other fields can hold request headers and so the credential. */
function describe(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      RESERVED.includes(name) ? `${name}_` : name,
      value instanceof Error
        ? { code: (value as { code?: unknown }).code ?? value.name, message: value.message }
        : value,
    ]),
  );
}
