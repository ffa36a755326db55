import assert from "node:assert/strict";
import { eventJson } from "../../cli/tail";
import { eachEvent } from "../../runtime/processor";
import { recordedEvents, testProcessor } from "../../runtime/testing";

const EVENT = { streamId: "s", key: "k", type: "price", id: "7", receivedAt: 5, sequence: "1.1.1" };

describe("recordedEvents", () => {
  it("reads what `tail --json` prints, text and bytes, for testProcessor", async () => {
    const bytes = Buffer.from([0xff, 0x00]);
    const recording = [eventJson({ ...EVENT, data: '{"n":1}' }), "", eventJson({ ...EVENT, key: "b", data: bytes })];
    const seen: unknown[] = [];
    const handler = eachEvent((event) =>
      seen.push([event.streamId, event.key, event.type, event.id, event.receivedAt, event.sequence, ...event.bytes]),
    );
    await testProcessor(handler, recordedEvents(`${recording.join("\n")}\n`));
    assert.deepEqual(seen, [
      ["s", "k", "price", "7", 5, "1.1.1", ...Buffer.from('{"n":1}')],
      ["s", "b", "price", "7", 5, "1.1.1", 0xff, 0x00],
    ]);
  });

  it("names the line that is not an event, or whose data is elsewhere", () => {
    for (const line of ["EUR_USD price 1.1", "null", '{"streamId":"s"}'])
      assert.throws(
        () => recordedEvents(`${eventJson({ ...EVENT, data: "1" })}\n${line}`),
        /Expected line 2 .* to be an event of `stream-ingestion tail --json`, got "/,
      );
    assert.throws(
      () => recordedEvents('{"streamId":"s","pointer":"oversize/x"}'),
      /Expected line 1 .* "oversize\/x" in the bucket/,
    );
  });
});
