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

/** Lambda's lines about an invocation that did not return. Their time and request id differ. */
const ENDED = /^(?:RequestId: \S+ Error|\S+Z \S+):? (Task timed out after .*|Process ended before it replied: .*)$/;
/** The exit status after an uncaught error, which has a line before. */
const UNCAUGHT = "exit status 129";
/** Code of the processor's wrapper, in the package and in its repository. */
const WRAPPER = /[ (/](?:node_modules\/pulumi-stream-ingestion|runtime\/processor)\//;

/** A warning or an error of a structured line as text, a plain line unchanged. Undefined: not shown. */
export function logLine(line: string): LogLine | undefined {
  if (!line.startsWith("{")) return plainLine(line);
  try {
    const { level, message, streamId, error, errorType, errorMessage, stackTrace } = JSON.parse(line);
    if (!LEVELS.has(String(level).toLowerCase())) return undefined;
    // The first is of the product's functions, the second of Lambda's runtime.
    const cause = error?.message ?? (errorMessage === undefined ? undefined : `${errorType}: ${errorMessage}`);
    const [reason] = String(cause).split("\nRequire stack:");
    const stack = error?.stack?.split("\n") ?? (Array.isArray(stackTrace) ? stackTrace : []);
    const frames = stack.filter(isOwnFrame).map((frame: string) => frame.trim().replace(TASK_ROOT, ""));
    const parts = [level, streamId, message, cause && reason].filter((part) => typeof part === "string");
    // A message contains keys and values, which differ between events with the same error.
    const kind = [level, message, error?.code ?? errorType, frames[0] ?? cause].join("\n");
    return { text: parts.join("  "), frames, kind };
  } catch {
    return { text: line, frames: [] };
  }
}

/** What V8 prints about a process without memory. The line about its end says the same. */
const V8_REPORT =
  /^\s*$|^<--- [\w ]+ --->$|^\[\d+:0x[\da-f]+\] +\d+ ms: |^FATAL ERROR: .*heap|^----- Native stack trace -----$|^ *\d+: 0x[\da-f]+ /;

function plainLine(line: string): LogLine | undefined {
  if (V8_REPORT.test(line)) return undefined;
  const [, ended] = ENDED.exec(line) ?? [];
  if (ended === undefined) return { text: line, frames: [] };
  return ended.endsWith(UNCAUGHT) ? undefined : { text: ended, frames: [], kind: ended };
}

function isOwnFrame(frame: unknown): frame is string {
  if (typeof frame !== "string" || !/^\s+at /.test(frame)) return false;
  return !/node:internal|lambda-bootstrap\.cjs|Promise\.all \(index/.test(frame) && !WRAPPER.test(frame);
}
