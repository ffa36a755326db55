import type { Check } from "./checks";

/** Behaviours of AWS, each with the checks that fail in an account without it. docs/aws-behaviours.md lists all behaviours. */
export const PROVED_BY: Readonly<Record<string, readonly string[]>> = {
  "A put on a new key writes an INSERT to the table's stream, another put on the same key a MODIFY": [
    "every event is processed once",
  ],
  "BatchWriteItem stores 25 items and returns those that it did not process": [
    "events arrive",
    "nothing is stored twice",
  ],
  "A conditional update is atomic: one of many concurrent writers succeeds": ["the stream is handed over"],
  "An asynchronous invocation is accepted with 202 and runs later, as often as the function's settings allow": [
    "events arrive",
  ],
  "A filter on `eventName` delivers inserts alone to the processor": ["every event is processed once"],
  "Without a valid signature and the caller's permission, IAM authorization refuses a request": [
    "the API refuses an unsigned call",
  ],
  "A Lambda proxy passes decoded path parameters and returns status, headers and body": ["the stream stops"],
  "GetSecretValue returns the current version, and its id changes with a rotation": ["events arrive"],
  "Signature Version 4, with and without a session token": ["events arrive"],
  "Each role needs its actions on its resources, and no others": ["events arrive"],
  "A schedule with a rate invokes its function every minute, with its role's permission": ["the stream is handed over"],
  "Metrics in log lines (EMF) set the alarms": ["no alarm is in ALARM"],
};

/** The behaviours whose checks all passed. */
export function provedBy(checks: readonly Check[]): string[] {
  const passed = new Set(checks.filter(({ result }) => result === "passed").map(({ what }) => what));
  return Object.entries(PROVED_BY)
    .filter(([, needed]) => needed.every((what) => passed.has(what)))
    .map(([behaviour]) => behaviour);
}
