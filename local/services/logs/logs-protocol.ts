import { AwsError } from "../../cloud/aws-error";
import { failAsJson, type Protocol } from "../../cloud/protocol";
import { readInput, refuseOthers, unsupported } from "../../cloud/unsupported";
import type { LogStore } from "./log-store";

export interface LogsOptions {
  readonly logs: LogStore;
  readonly region: string;
  readonly accountId: string;
}

interface FilterLogEvents {
  readonly logGroupName?: string;
  readonly startTime?: number;
  readonly endTime?: number;
  readonly filterPattern?: string;
}

/** Supports FilterLogEvents with quoted terms: all must match, or any if all have `?`. Events have no `logStreamName`. */
export function logsProtocol({ logs, region, accountId }: LogsOptions): Protocol {
  return {
    open(request) {
      const operation = request.headers["x-amz-target"]?.split(".")[1] ?? request.path;
      if (operation !== "FilterLogEvents") throw unsupported("CloudWatch Logs", operation);
      const input = readInput(request);
      refuseOthers("CloudWatch Logs", operation, input, ["logGroupName", "startTime", "endTime", "filterPattern"]);
      const { logGroupName = "", startTime = 0, endTime = Infinity, filterPattern = "" }: FilterLogEvents = input;
      const resource = `arn:aws:logs:${region}:${accountId}:log-group:${logGroupName}`;
      return {
        permissions: [{ action: "logs:FilterLogEvents", resource }],
        async run() {
          if (startTime > endTime)
            throw invalid(`Expected startTime to be at most endTime, got ${startTime} and ${endTime}.`);
          if (!logs.hasGroup(logGroupName))
            throw new AwsError(
              "ResourceNotFoundException",
              400,
              `The specified log group does not exist: ${logGroupName}`,
            );
          const matches = matcher(filterPattern);
          const events = logs
            .lines(startTime, logGroupName)
            .filter(({ at, text }) => at <= endTime && matches(text))
            .map(({ id, at, text }) => ({ eventId: id, timestamp: at, ingestionTime: at, message: text }));
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

const TERM = /(\??)"([^"]*)"/g;

function matcher(pattern: string): (text: string) => boolean {
  const terms = [...pattern.matchAll(TERM)].map(([, optional, term = ""]) => ({ optional: optional === "?", term }));
  const isMixed = new Set(terms.map(({ optional }) => optional)).size > 1;
  if (isMixed || pattern.replaceAll(TERM, "").trim() !== "")
    throw invalid(
      `The local CloudWatch Logs supports quoted terms only, all with ? or all without it, got ${pattern}.`,
    );
  if (terms[0]?.optional) return (text) => terms.some(({ term }) => text.includes(term));
  return (text) => terms.every(({ term }) => text.includes(term));
}

const invalid = (message: string) => new AwsError("InvalidParameterException", 400, message);
