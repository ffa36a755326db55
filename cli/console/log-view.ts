import { METRIC_NAMESPACE } from "pulumi-stream-ingestion/internal";
import { cut } from "./payload";
import type { LogLevel, LogView } from "./protocol";
import { refOf } from "./stream-view";

/** A line that a function wrote. */
export interface FunctionLine {
  readonly at: number;
  readonly instance?: string;
  readonly functionName: string;
  readonly requestId?: string;
  readonly line: string;
}

export interface ParsedLine {
  readonly view: LogView;
  /** The fields of a structured line. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

const SOURCES = {
  "connection-manager": "manager",
  "event-processor": "processor",
  watchdog: "watchdog",
  "connection-api": "api",
  "repeat-counter": "repeats",
} as const satisfies Record<string, LogView["source"]>;

/** A line for the page. Undefined: it contains metrics, Lambda's report of an invocation, or a request of a list as the console's own. */
export function logView(
  id: string,
  { at, instance, functionName, requestId, line }: FunctionLine,
): ParsedLine | undefined {
  const fields = fieldsOf(line);
  if (fields?._aws !== undefined && line.includes(METRIC_NAMESPACE)) return undefined;
  if (typeof fields?.type === "string" && fields.type.startsWith("platform.")) return undefined;
  if (fields?.method === "GET" && fields.resource === "/connections" && fields.status === 200) return undefined;
  const { level, message, streamId, requestId: ownRequest, error, errorType, errorMessage, stackTrace } = fields ?? {};
  const stack =
    (error as { stack?: unknown } | null | undefined)?.stack ??
    (Array.isArray(stackTrace) ? stackTrace.join("\n") : stackTrace);
  const request = typeof fields?.method === "string" && `${fields.method} ${fields.resource}: ${fields.status}`;
  const text = [message, request, errorType && `${errorType}: ${errorMessage}`].filter(
    (part) => typeof part === "string",
  );
  if (functionName === "console") return { view: { id, at, source: "console", level: "info", message: cut(line) } };
  const [, source = "other"] = Object.entries(SOURCES).find(([name]) => functionName.includes(`-${name}`)) ?? [];
  const base = { id, at, instance, source: source as LogView["source"], functionName };
  return {
    fields,
    view: {
      ...base,
      level: levelOf(level, fields === undefined ? line : ""),
      stream: typeof streamId === "string" ? refOf(instance, streamId) : undefined,
      requestId: requestId ?? (typeof ownRequest === "string" ? ownRequest : undefined),
      message: cut(text.join("  ") || line),
      detail: fields && cut(detailOf(fields, stack)),
    },
  };
}

/** The stack as text, and the other fields as JSON. */
function detailOf({ stackTrace: _, ...fields }: Readonly<Record<string, unknown>>, stack: unknown): string {
  if (typeof stack !== "string") return JSON.stringify(fields, undefined, 2);
  const withoutStack = (name: string, value: unknown) => (name === "stack" ? undefined : value);
  return `${stack}\n${JSON.stringify(fields, withoutStack, 2)}`;
}

const LEVELS: Readonly<Record<string, LogLevel>> = {
  trace: "debug",
  debug: "debug",
  info: "info",
  warn: "warn",
  warning: "warn",
  error: "error",
  fatal: "error",
};

function levelOf(level: unknown, plain: string): LogLevel {
  const known = typeof level === "string" ? LEVELS[level.toLowerCase()] : undefined;
  return known ?? (/Task timed out|^(?:\w*Error|Uncaught)\b/.test(plain) ? "error" : "info");
}

/** The fields of a structured line. Lambda's JSON format puts those of the product into `message`. */
function fieldsOf(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const { message, ...others } = JSON.parse(line) as Record<string, unknown>;
    if (typeof message === "object" && message !== null) return { ...others, ...message };
    const inner = typeof message === "string" ? fieldsOf(message) : undefined;
    return inner === undefined ? { ...others, message } : { ...others, ...inner };
  } catch {
    return undefined;
  }
}
