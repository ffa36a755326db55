import type { Check } from "./check";
import { CHAIN, HOPS } from "./hops";
import { POISON } from "./poison";

/** Behaviours of AWS, each with the checks that fail in an account without it. docs/aws-behaviours.md lists all behaviours. */
export const PROVED_BY: Readonly<Record<string, readonly string[]>> = {
  "A put on a new key writes an INSERT to the table's stream, another put on the same key a MODIFY": [
    "every event is processed once",
  ],
  "BatchWriteItem stores up to 25 items, and replaces those with an existing key": [
    "events arrive",
    "nothing is stored twice",
  ],
  "An asynchronous invocation is accepted with 202 and runs later": ["events arrive"],
  "A filter on `eventName` delivers inserts alone to the processor": ["every event is processed once"],
  "IAM authorization refuses a request without a valid signature": ["the API refuses an unsigned call"],
  "A Lambda proxy passes the request to the function, and returns its status, headers and body": ["the stream stops"],
  "GetSecretValue returns the current version": ["events arrive"],
  "AWS accepts a request with Signature Version 4 and the session token of a role": ["events arrive"],
  "The policies of the roles allow every call of the functions": ["events arrive", "the stream is handed over"],
  "An update adds to a number of a map, and to one that is missing": ["nothing that was received is lost"],
  "A schedule with a rate invokes its function every minute, with its role's permission": [
    "the watchdog's metric is received every minute",
  ],
  "Metrics in log lines (EMF) set the alarms": ["the watchdog's metric is received every minute"],
  "An invocation runs for up to 900 s, and its context reports the remaining time": [HOPS],
  "A function that invokes itself continues after 16 invocations if its recursion setting is Allow": [CHAIN],
  "An environment is frozen between invocations and reused, and the network forgets its connections": [
    "the API answers after an idle time",
  ],
  "An object is stored and read under any key, escaped once": [POISON],
};

export interface Proof {
  /** Behaviours whose checks all passed. */
  readonly proved: readonly string[];
  /** The others, each with the checks that did not pass. */
  readonly notProved: readonly { readonly behaviour: string; readonly because: readonly Check[] }[];
}

export function proofOf(checks: readonly Check[]): Proof {
  const all = Object.entries(PROVED_BY).map(([behaviour, needed]) => ({
    behaviour,
    because: needed.flatMap((what) => {
      const found = checks.find((check) => check.what === what);
      const { result = "not checked" } = found ?? {};
      return result === "passed" ? [] : [found ?? { what, result, detail: "the check did not run" }];
    }),
  }));
  return {
    proved: all.filter(({ because }) => because.length === 0).map(({ behaviour }) => behaviour),
    notProved: all.filter(({ because }) => because.length > 0),
  };
}
