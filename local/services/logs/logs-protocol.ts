import { AwsError } from "../../cloud/aws-error";
import { failAsJson, type Protocol } from "../../cloud/protocol";
import type { LogStore } from "./log-store";

export interface LogsOptions {
  readonly logs: LogStore;
  readonly region: string;
  readonly accountId: string;
}

interface FilterLogEvents {
  readonly logGroupName?: string;
  readonly startTime?: number;
  readonly filterPattern?: string;
}

/** Supports FilterLogEvents with quoted terms: all must match, or any of those with `?`. */
export function logsProtocol({ logs, region, accountId }: LogsOptions): Protocol {
  return {
    open({ headers, body }) {
      const operation = headers["x-amz-target"]?.split(".")[1];
      if (operation !== "FilterLogEvents") {
        throw new AwsError(
          "UnknownOperationException",
          400,
          `The local CloudWatch Logs supports FilterLogEvents only, got ${operation}.`,
        );
      }
      const { logGroupName = "", startTime = 0, filterPattern = "" } = JSON.parse(body.toString()) as FilterLogEvents;
      const resource = `arn:aws:logs:${region}:${accountId}:log-group:${logGroupName}`;
      return {
        permissions: [{ action: "logs:FilterLogEvents", resource }],
        async run() {
          const matches = matcher(filterPattern);
          const events = logs
            .lines(startTime, logGroupName)
            .filter(({ text }) => matches(text))
            .map(({ at, text }) => ({ timestamp: at, message: text }));
          return {
            status: 200,
            headers: { "content-type": "application/x-amz-json-1.1" },
            body: JSON.stringify({ events }),
          };
        },
      };
    },
    fail: failAsJson,
  };
}

function matcher(pattern: string): (text: string) => boolean {
  const terms = [...pattern.matchAll(/(\??)"([^"]*)"/g)].map(([, optional, term = ""]) => ({ optional, term }));
  if (terms.length === 0 && pattern.trim() !== "") {
    throw new AwsError(
      "InvalidParameterException",
      400,
      `The local CloudWatch Logs supports quoted terms only, got ${pattern}.`,
    );
  }
  const any = terms.filter(({ optional }) => optional === "?");
  const all = terms.filter(({ optional }) => optional !== "?");
  return (text) =>
    all.every(({ term }) => text.includes(term)) && (any.length === 0 || any.some(({ term }) => text.includes(term)));
}
