import assert from "node:assert/strict";
import fc from "fast-check";
import { sseDecoder } from "../../runtime/data/sse-decoder";
import { bodies, chunkings, cut, cutAt, decode } from "./conformance/decode";
import { SSE_CASES } from "./conformance/sse-cases";

describe("SSE decoder", () => {
  for (const { name, body, events, position, retryMs } of SSE_CASES)
    it(`follows the specification, whatever the line ends and chunks: ${name}`, () => {
      const expected = events.map((event) => ({ type: "message", id: "", ...event }));
      for (const bytes of bodies(body, ["\n", "\r", "\r\n"]))
        for (const chunks of chunkings(bytes))
          assert.deepEqual(decode(sseDecoder(1 << 20), chunks), {
            events: expected,
            refused: [],
            malformed: [],
            position: position ?? expected.at(-1)?.id ?? "",
            retryMs,
          });
    });

  it("continues with the last event ID of the previous connection", () => {
    const { events, position } = decode(sseDecoder(100, "7"), [Buffer.from("data: a\n\n")]);
    assert.deepEqual([events[0]?.id, position], ["7", "7"]);
  });

  it("refuses an event over the limit and keeps the other events, for any chunks", () => {
    const bytes = Buffer.from(
      `data: ok\n\nevent: big\nid: 7\ndata: ${"x".repeat(3_000)}\ndata: y\n\n:${"c".repeat(5_000)}\ndata: ok\n\n`,
    );
    const whole = decode(sseDecoder(100), [bytes]);
    assert.deepEqual(
      whole.events.map((event) => event.data),
      ["ok", "ok"],
    );
    assert.deepEqual(
      whole.refused.map(({ bytes, type, id }) => ({ bytes, type, id })),
      [{ bytes: 3_002, type: "big", id: "7" }],
    );
    for (const size of [1, 7, 64, 1_000]) assert.deepEqual(decode(sseDecoder(100), cut(bytes, size)), whole);
  });

  it("applies the limit to the event, not the line: many short lines are refused together", () => {
    const bytes = Buffer.from(`${"data: 1234\n".repeat(30)}\ndata: ok\n\n`);
    for (const size of [1, 3, 1_000]) {
      const { refused, events } = decode(sseDecoder(100), cut(bytes, size));
      assert.equal(refused[0]?.bytes, 30 * 5 - 1);
      assert.deepEqual(
        events.map((event) => event.data),
        ["ok"],
      );
    }
  });

  it("gives the same result for any bytes and chunks", () => {
    const piece = fc.constantFrom(
      ...["data", "data: ", "id: a", "id:", "id: \0", "event: e", "retry: 5", ":", ": ", "x", "é"],
      ...["\n", "\r", "\r\n", "\n\n", "\uFEFF", "data: 0123456789012345678901234567890123456789"],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), fc.array(fc.nat(8)), (pieces, sizes) => {
        const bytes = Buffer.from(pieces.join(""));
        assert.deepEqual(decode(sseDecoder(30), cutAt(bytes, sizes)), decode(sseDecoder(30), [bytes]));
      }),
    );
  });
});
