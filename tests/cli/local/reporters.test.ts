import assert from "node:assert/strict";
import { mock } from "node:test";
import type { StreamView } from "../../../cli/local/connection-api";
import type { IngestionStack } from "../../../cli/local/ingestion-stack";
import { jsonReporter } from "../../../cli/local/json-reporter";
import type { Summary } from "../../../cli/local/reporter";
import { textReporter } from "../../../cli/local/text-reporter";
import { NO_TOTALS } from "../../../cli/local/totals";
import { ZERO_COUNTERS } from "../../../runtime/contract";

const stream = {
  streamId: "EUR_USD",
  instance: "prices",
  status: "open",
  generation: 3,
  counters: { ...ZERO_COUNTERS, received: 9 },
} as StreamView;
const summary: Summary = {
  seconds: 30,
  totals: { ...NO_TOTALS, stored: 9 },
  streams: [stream],
  counters: { ...ZERO_COUNTERS, received: 16, stored: 12, overlapCopies: 2, overwritten: 1, repeated: 3, refused: 1 },
  unprocessed: 0,
  problems: [],
};

describe("jsonReporter", () => {
  it("prints one object per line, with its kind", () => {
    let text = "";
    const reporter = jsonReporter(
      (part) => {
        text += part;
      },
      () => 1_000,
    );
    const instances = [{ name: "prices", apiUrl: "http://api", eventTables: ["t"] }];
    const cloud = { endpoint: "http://aws" };
    const stack = { instances, outputs: { tableName: "t" }, cloud } as unknown as IngestionStack;
    reporter.ready(stack, "http://aws/#token");
    const image = { d: { S: "data" } };
    reporter.event({ kind: "stored", at: 2_000, instance: "prices", requestId: "r", streamId: "s", key: "k", image });
    reporter.progress([stream], NO_TOTALS);
    reporter.summary(summary);
    const lines = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      lines.map(({ kind }) => kind),
      ["ready", "stored", "summary"],
    );
    assert.deepEqual(
      lines.map(({ time }) => time),
      ["1970-01-01T00:00:01.000Z", "1970-01-01T00:00:02.000Z", "1970-01-01T00:00:01.000Z"],
    );
    const { time, ...stored } = lines[1];
    assert.deepEqual(stored, { kind: "stored", instance: "prices", requestId: "r", streamId: "s", key: "k" });
    assert.deepEqual([lines[0].apiUrl, lines[0].outputs], ["http://api", { tableName: "t" }]);
    assert.equal(lines[0].console, "http://aws/#token");
    assert.equal(lines[2].totals.stored, 9);
  });
});

describe("textReporter", () => {
  function reporterOn(isTTY: boolean) {
    const output = {
      text: "",
      isTTY,
      write(part: string) {
        output.text += part;
      },
    };
    const clock = { ms: 0 };
    const wait = (ms: number) => {
      clock.ms += ms;
    };
    return { output, reporter: textReporter(output, () => clock.ms), wait };
  }

  it("replaces the progress block on a terminal, with the rate since the last one", () => {
    const { output, reporter, wait } = reporterOn(true);
    reporter.progress([stream], NO_TOTALS);
    wait(500);
    for (const key of ["a", "b", "c"])
      reporter.event({ kind: "stored", at: 0, instance: "prices", streamId: "EUR_USD", key });
    reporter.progress([stream], { ...NO_TOTALS, stored: 20 });
    assert.equal(output.text.split("\x1b[3A\x1b[0J").length, 2);
    assert.match(output.text, /prices\/EUR_USD {3}open {7}6\.0 /);
    assert.match(output.text, /20 stored \(6\.0\/s\) {2}0 processed/);
  });

  it("shows the last step of the start on a terminal, and each step once elsewhere", () => {
    for (const isTTY of [true, false]) {
      const { output, reporter } = reporterOn(isTTY);
      reporter.step("Evaluating");
      for (const name of ["a", "b"]) reporter.step("Creating", name);
      const live = "Evaluating …\n\x1b[1A\x1b[0JCreating … a\n\x1b[1A\x1b[0JCreating … b\n";
      assert.equal(output.text, isTTY ? live : "Evaluating\nCreating\n");
    }
  });

  it("shows the seconds of a long step on a terminal, until the program is ready", () => {
    mock.timers.enable({ apis: ["setInterval"] });
    try {
      const { output, reporter, wait } = reporterOn(true);
      const shownAfter = (seconds: number) => {
        wait(seconds * 1_000);
        output.text = "";
        mock.timers.tick(1_000);
        return output.text.replace("\x1b[1A\x1b[0J", "");
      };
      reporter.step("Evaluating the program");
      assert.equal(shownAfter(1), "Evaluating the program …\n");
      assert.equal(shownAfter(11), "Evaluating the program … 12 s\n");
      reporter.step("Creating resources", "1: prices");
      assert.equal(shownAfter(3), "Creating resources … 1: prices 3 s\n");
      reporter.ready({ instances: [], outputs: {}, environment: {} } as unknown as IngestionStack, "http://aws/#token");
      assert.equal(shownAfter(9), "");
      reporter.step("Stopping");
      reporter.close();
      assert.equal(shownAfter(9), "");
    } finally {
      mock.timers.reset();
    }
  });

  it("explains the first handover only, with its overlap or its gap", () => {
    const { output, reporter } = reporterOn(false);
    for (const gapMs of [-119, 40])
      reporter.event({ kind: "handover", at: 0, instance: "prices", streamId: "s", mode: "overlap", gapMs });
    assert.match(output.text, /^Handover of prices\/s: .*\(overlap 119 ms\)\. A hop is one run of .*\n$/);
  });

  it("shows how to fix a known problem of the processor", () => {
    const { output, reporter } = reporterOn(false);
    const line = JSON.stringify({
      level: "ERROR",
      message: "Init Error",
      errorType: "Error",
      errorMessage: "Cannot find module 'pg'",
    });
    reporter.event({ kind: "log", at: 0, functionName: "f", line });
    assert.match(output.text, /Cannot find module 'pg'\n {4}pg is not in the bundle\. Add it to `processor\.install`/);
  });

  it("prints a line every few seconds without a terminal", () => {
    const { output, reporter, wait } = reporterOn(false);
    for (let i = 0; i < 12; i += 1) {
      wait(1_000);
      reporter.progress([stream], NO_TOTALS);
    }
    assert.equal(output.text.trimEnd().split("\n").length, 4);
  });

  it("shows a warning as text, once, every line that is not JSON, and no other line of a function", () => {
    const { output, reporter } = reporterOn(false);
    const lines = [`{"level":"info","message":"a"}`, `{"level":"WARN","message":"b"}`, "printed"].flatMap((l) => [
      l,
      l,
    ]);
    for (const line of lines) reporter.event({ kind: "log", at: 0, functionName: "f", line });
    assert.equal(output.text, "f WARN  b\nf printed\nf printed\n");
  });

  it("shows the first failed event of a kind, with the place in the source", () => {
    const { output, reporter } = reporterOn(false);
    for (const key of ["a", "b"]) {
      const error = {
        code: "TypeError",
        message: `no price in ${key}`,
        stack: "    at handle (/var/task/processor.ts:4:9)",
      };
      const line = JSON.stringify({ level: "error", message: "Event failed", streamId: "s", key, error });
      reporter.event({ kind: "log", at: 0, functionName: "f", line });
    }
    assert.equal(output.text, "f error  s  Event failed  no price in a\n    at handle (processor.ts:4:9)\n");
  });

  it("shows an error of Lambda's runtime without its own frames", () => {
    const { output, reporter } = reporterOn(false);
    const stackTrace = [
      "Error: no key",
      "    at file:///var/task/processor.ts:1:7",
      "    at /var/task/lambda-bootstrap.cjs:1:1",
      "    at node:internal/main:1:1",
    ];
    const line = JSON.stringify({
      level: "ERROR",
      message: "Init Error",
      errorType: "Error",
      errorMessage: "no key",
      stackTrace,
    });
    reporter.event({ kind: "log", at: 0, functionName: "f", line });
    assert.equal(output.text, "f ERROR  Init Error  Error: no key\n    at processor.ts:1:7\n");
  });

  it("shows the end of a function that did not return once, with its fix, also when each attempt repeats it", () => {
    const fixes = [
      ["Task timed out after 3.00 seconds", "Increase `processor.timeoutSeconds`, or reduce `processor.batchSize`."],
      [
        "Process ended before it replied: exit status 3",
        "The code called `process.exit`. Return from the handler instead, or throw an error.",
      ],
      [
        "Process ended before it replied: SIGABRT",
        "It used more memory than it has. Increase `processor.memorySize`, or keep less in memory.",
      ],
    ];
    for (const [text, fix] of fixes) {
      const { output, reporter } = reporterOn(false);
      for (const attempt of [1, 2]) {
        const line = text!.startsWith("Task")
          ? `2026-01-01T00:00:0${attempt}.000Z request-${attempt} ${text}`
          : `RequestId: request-${attempt} Error: ${text}`;
        reporter.event({ kind: "log", at: 0, functionName: "f", line });
      }
      assert.equal(output.text, `f ${text}\n    ${fix}\n`);
    }
  });

  it("leaves out what repeats a shown error: the exit status, the wrapper's frames, and V8's report about memory", () => {
    const { output, reporter } = reporterOn(false);
    const stackTrace = [
      "Error: nobody waits",
      "    at handler (/var/task/processor.ts:4:18)",
      "    at work (/var/task/node_modules/pulumi-stream-ingestion/dist/processor.js:1:2)",
      "    at async Promise.all (index 0)",
    ];
    const rejection = {
      level: "ERROR",
      message: "Unhandled Promise Rejection",
      errorType: "Error",
      errorMessage: "no",
    };
    for (const line of [
      JSON.stringify({ ...rejection, stackTrace }),
      "RequestId: r Error: Process ended before it replied: exit status 129",
      "<--- Last few GCs --->",
      "",
      "[19002:0x3ca2c000]     8491 ms: Mark-Compact 181.7 (246.5) -> 149.7 (278.5) MB, allocation failure",
      "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
      "----- Native stack trace -----",
      " 1: 0x931db0  [/usr/bin/node]",
    ])
      reporter.event({ kind: "log", at: 0, functionName: "f", line });
    assert.equal(output.text, "f ERROR  Unhandled Promise Rejection  Error: no\n    at handler (processor.ts:4:18)\n");
  });

  it("shows a missing package without the list of files that require it", () => {
    const { output, reporter } = reporterOn(false);
    const errorMessage = "Cannot find module 'pg'\nRequire stack:\n- /var/task/index.js";
    const line = JSON.stringify({ level: "ERROR", message: "Init Error", errorType: "Error", errorMessage });
    reporter.event({ kind: "log", at: 0, functionName: "f", line });
    assert.match(output.text, /^f ERROR {2}Init Error {2}Error: Cannot find module 'pg'\n {4}pg is not in the bundle/);
  });

  it("shows each kind of denied call once", () => {
    const { output, reporter } = reporterOn(false);
    for (const resource of ["a", "b"])
      reporter.event({ kind: "denied", at: 0, caller: "f", action: "s3:PutObject", resource });
    assert.equal(output.text, "f is not allowed s3:PutObject on a\n");
  });

  it("shows a stream's last error when it changes", () => {
    const { output, reporter } = reporterOn(false);
    const failing = (message: string) => ({ ...stream, lastError: { code: "SOURCE_STATUS", message } });
    for (const message of ["answered 401", "answered 401", "answered 503"])
      reporter.progress([failing(message) as StreamView], NO_TOTALS);
    assert.equal(output.text, "prices/EUR_USD answered 401\nprices/EUR_USD answered 503\n");
  });

  it("shows one line for streams that fail in the same way, now or later", () => {
    const { output, reporter } = reporterOn(false);
    const failing = Array.from({ length: 500 }, (_, i) => {
      const lastError = { code: "SOURCE_STATUS", message: `GET /v1/s-${i}- answered 401` };
      return { ...stream, streamId: `s-${i}-`, lastError } as StreamView;
    });
    reporter.progress(failing.slice(0, 400), NO_TOTALS);
    reporter.progress(failing, NO_TOTALS);
    assert.equal(output.text, "prices/s-0- and 399 more GET /v1/s-0- answered 401\n");
  });

  it("erases the rows that the table takes after the terminal became narrower, or lower", () => {
    const { output, reporter } = reporterOn(true);
    const sized = output as typeof output & { columns: number; rows: number };
    Object.assign(sized, { columns: 80, rows: 24 });
    reporter.progress([stream], NO_TOTALS);
    // Two lines explain the columns. They stay, and have colours where the environment enables them, as CI does.
    const [, , ...table] = output.text.trimEnd().split("\n");
    const widths = table.map(({ length }) => length);
    output.text = "";
    Object.assign(sized, { columns: 40, rows: 24 });
    reporter.progress([stream], NO_TOTALS);
    const rows = widths.reduce((sum, width) => sum + Math.ceil(width / 40), 0);
    assert.ok(output.text.startsWith(`\x1b[${rows}A\x1b[0J`), JSON.stringify(output.text.slice(0, 20)));
    for (const line of output.text.split("\n").slice(1)) assert.ok(line.length <= 40);
    output.text = "";
    Object.assign(sized, { columns: 40, rows: 3 });
    reporter.progress([stream], NO_TOTALS);
    assert.ok(output.text.startsWith("\x1b[2A\x1b[0J"));
  });

  it("prints the environment for other terminals", () => {
    const { output, reporter } = reporterOn(false);
    const environment = { AWS_ENDPOINT_URL: "http://127.0.0.1:1", AWS_PROFILE: undefined };
    const outputs = { tableName: "t", prices: { apiUrl: "http://api" } };
    reporter.ready({ instances: [], outputs, environment } as unknown as IngestionStack, "http://aws/#token");
    assert.match(output.text, /Console {2}http:\/\/aws\/#token\n/);
    assert.match(
      output.text,
      / {2}export AWS_ENDPOINT_URL=http:\/\/127\.0\.0\.1:1\n {2}unset AWS_PROFILE\ntableName: "t"\n$/,
    );
  });

  it("prints how many events were processed and how many failed", () => {
    const { output, reporter } = reporterOn(false);
    reporter.summary({
      ...summary,
      totals: { ...NO_TOTALS, stored: 9, processed: 7, failuresStored: 2, failedDeliveries: 3 },
    });
    assert.match(output.text, /processed +7, 2 stored in the failure bucket, 3 deliveries failed/);
  });

  it("prints what became of each received event", () => {
    const { output, reporter } = reporterOn(false);
    reporter.summary(summary);
    assert.match(output.text, /received +16\n= stored +12 \(9 new, 2 overlapCopies, 1 overwritten\)\n/);
    assert.match(output.text, /\+ not stored +3 repeated, 1 refused\n/);
  });

  it("prints what was stored when a hop ended before it reported", () => {
    const { output, reporter } = reporterOn(false);
    reporter.summary({ ...summary, totals: { ...NO_TOTALS, stored: 20 } });
    assert.match(output.text, /\nstored +20 new \(the last hop ended/);
    assert.doesNotMatch(output.text, /not stored/);
  });

  it("prints how many stored events were not processed in place of ok, and never with a comparison", () => {
    const endOf = (changes: Partial<Summary>) => {
      const { output, reporter } = reporterOn(false);
      reporter.summary({ ...summary, ...changes });
      return output.text.trimEnd().split("\n").slice(-2);
    };
    assert.equal(endOf({})[1], "ok");
    assert.equal(endOf({ unprocessed: 1 })[1], "1 stored event was not processed before the end.");
    const line = "325 stored events were not processed before the end.";
    assert.deepEqual(endOf({ unprocessed: 325, problems: ["A failed"] }), ["A failed", line]);
    const compared = { sent: 9, lost: 0, processedTwice: 0, unprocessed: 0, unexpected: 0 };
    assert.equal(endOf({ unprocessed: 325, compared })[1], "ok");
  });

  it("prints the comparison, or the problems", () => {
    const { output, reporter } = reporterOn(false);
    const compared = { sent: 9, lost: 0, processedTwice: 0, unprocessed: 0, unexpected: 0 };
    reporter.summary({ ...summary, compared });
    assert.match(output.text, /sent by upstream +9 distinct events\ncompared +0 lost/);
    reporter.summary({ ...summary, compared, problems: ["1 lost"] });
    assert.match(output.text, /1 lost/);
  });
});
