/** A line of a function's log, for people. */
export interface LogLine {
  readonly text: string;
  /** Where an error was thrown: one `at …` each. Paths are relative to the function's code. */
  readonly frames: readonly string[];
  /** Equal for the same warning or error of other events. Absent: the function printed the line itself. */
  readonly kind?: string;
}

/** Levels that are shown. */
const LEVELS = new Set(["warn", "error", "fatal"]);
/** The folder of the code, as on Lambda. */
const TASK_ROOT = /(?:file:\/\/)?\/var\/task\//g;

/** A warning or an error of a structured line as text, a plain line unchanged. Undefined: not shown. */
export function logLine(line: string): LogLine | undefined {
  if (!line.startsWith("{")) return { text: line, frames: [] };
  try {
    const { level, message, streamId, error, errorType, errorMessage, stackTrace } = JSON.parse(line);
    if (!LEVELS.has(String(level).toLowerCase())) return undefined;
    // The first is of the product's functions, the second of Lambda's runtime.
    const cause = error?.message ?? (errorMessage === undefined ? undefined : `${errorType}: ${errorMessage}`);
    const stack = error?.stack?.split("\n") ?? (Array.isArray(stackTrace) ? stackTrace : []);
    const frames = stack.filter(isOwnFrame).map((frame: string) => frame.trim().replace(TASK_ROOT, ""));
    const parts = [level, streamId, message, cause].filter((part) => typeof part === "string");
    // A message contains keys and values, which differ between events with the same error.
    const kind = [level, message, error?.code ?? errorType, frames[0] ?? cause].join("\n");
    return { text: parts.join("  "), frames, kind };
  } catch {
    return { text: line, frames: [] };
  }
}

function isOwnFrame(frame: unknown): frame is string {
  return typeof frame === "string" && /^\s+at /.test(frame) && !/node:internal|lambda-bootstrap\.cjs/.test(frame);
}
