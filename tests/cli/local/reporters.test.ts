import assert from "node:assert/strict";
import type { StreamView } from "../../../cli/local/connection-api";
import type { IngestionStack } from "../../../cli/local/ingestion-stack";
import { jsonReporter } from "../../../cli/local/json-reporter";
import type { Summary } from "../../../cli/local/reporter";
import { NOTHING_YET } from "../../../cli/local/tally";
import { textReporter } from "../../../cli/local/text-reporter";
import { ZERO_COUNTERS } from "../../../runtime/contract";

const stream = {
  streamId: "EUR_USD",
  status: "open",
  generation: 3,
  counters: { ...ZERO_COUNTERS, received: 9 },
} as StreamView;
const summary: Summary = { seconds: 30, tally: { ...NOTHING_YET, stored: 9 }, streams: [stream], problems: [] };

describe("jsonReporter", () => {
  it("prints one object a line and tells them apart by kind", () => {
    let text = "";
    const reporter = jsonReporter((part) => {
      text += part;
    });
    const instances = [{ name: "prices", apiUrl: "http://api", eventTables: ["t"] }];
    reporter.ready({
      instances,
      outputs: { tableName: "t" },
      cloud: { endpoint: "http://aws" },
    } as unknown as IngestionStack);
    reporter.event({ kind: "stored", streamId: "s", key: "k" });
    reporter.progress([stream], NOTHING_YET);
    reporter.summary(summary);
    const lines = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      lines.map(({ kind }) => kind),
      ["ready", "stored", "summary"],
    );
    assert.deepEqual([lines[0].apiUrl, lines[0].outputs], ["http://api", { tableName: "t" }]);
    assert.equal(lines[2].tally.stored, 9);
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

  it("writes the progress block of a terminal over itself", () => {
    const { output, reporter, wait } = reporterOn(true);
    reporter.progress([stream], NOTHING_YET);
    wait(500);
    reporter.progress([stream], { ...NOTHING_YET, stored: 20 });
    assert.equal(output.text.split("\x1b[2A\x1b[0J").length, 2);
    assert.match(output.text, /20 stored {2}0 processed {2}40\/s/);
  });

  it("writes a line every few seconds where there is no terminal", () => {
    const { output, reporter, wait } = reporterOn(false);
    for (let i = 0; i < 12; i += 1) {
      wait(1_000);
      reporter.progress([stream], NOTHING_YET);
    }
    assert.equal(output.text.trimEnd().split("\n").length, 4);
  });

  it("shows a warning as a sentence, once, and every line that is no JSON, and nothing else of a function", () => {
    const { output, reporter } = reporterOn(false);
    const lines = [`{"level":"info","message":"a"}`, `{"level":"WARN","message":"b"}`, "printed"].flatMap((l) => [
      l,
      l,
    ]);
    for (const line of lines) reporter.event({ kind: "log", functionName: "f", line });
    assert.equal(output.text, "f WARN  b\nf printed\nf printed\n");
  });

  it("shows a stream's last error when it changes", () => {
    const { output, reporter } = reporterOn(false);
    const failing = (message: string) => ({ ...stream, lastError: { code: "SOURCE_STATUS", message } });
    for (const message of ["answered 401", "answered 401", "answered 503"])
      reporter.progress([failing(message) as StreamView], NOTHING_YET);
    assert.equal(output.text, "EUR_USD answered 401\nEUR_USD answered 503\n");
  });

  it("says what makes another terminal the operator", () => {
    const { output, reporter } = reporterOn(false);
    const operator = { accessKeyId: "AK", secretAccessKey: "SK" };
    const cloud = { endpoint: "http://127.0.0.1:1", region: "us-east-1", operator };
    reporter.ready({ instances: [], outputs: {}, cloud } as unknown as IngestionStack);
    for (const line of ["AWS_ENDPOINT_URL=http://127.0.0.1:1", "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=AK"])
      assert.ok(output.text.includes(`  export ${line}\n`), line);
  });

  it("counts an event as handled or as lying in the failure bucket", () => {
    const { output, reporter } = reporterOn(false);
    reporter.summary({ ...summary, tally: { ...NOTHING_YET, stored: 9, delivered: 9, parked: 2, failed: 3 } });
    assert.match(output.text, /processed +7, 2 in the failure bucket, 3 deliveries failed/);
  });

  it("ends with what became of everything sent, or with what went wrong", () => {
    const { output, reporter } = reporterOn(false);
    const compared = { sent: 9, lost: 0, doubled: 0, unprocessed: 0, foreign: 0 };
    reporter.summary({ ...summary, compared });
    assert.match(output.text, /sent by upstream +9 distinct events\nstored +9, 0 lost/);
    reporter.summary({ ...summary, compared, problems: ["1 lost"] });
    assert.match(output.text, /1 lost/);
  });
});
