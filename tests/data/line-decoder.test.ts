import assert from "node:assert/strict";
import fc from "fast-check";
import type { EventSink } from "../../runtime/data/event-sink";
import { lineDecoder } from "../../runtime/data/line-decoder";
import { bodies, chunkings, cutAt, decode } from "./conformance/decode";
import { LINE_CASES } from "./conformance/line-cases";

describe("line decoder", () => {
  for (const { name, body, lines, refused = 0, maxEventBytes = 1 << 20, clean = true } of LINE_CASES)
    it(`frames lines, whatever the line ends and chunks: ${name}`, () => {
      for (const bytes of bodies(body, ["\n", "\r\n"]))
        for (const chunks of chunkings(bytes)) {
          const decoded = decode(lineDecoder(maxEventBytes), chunks, clean);
          assert.deepEqual(
            decoded.events.map(({ data }) => data),
            lines,
          );
          assert.equal(decoded.refused.length, refused);
        }
    });

  it("refuses a line once it is over the limit, before its end arrives", () => {
    const decoder = lineDecoder(4);
    const seen = [["1234\r"], ["1234\r", "5"], ["12345", "6"], ["\uFEFF12", "345"]].map((chunks) =>
      decode(
        lineDecoder(4),
        [...chunks, "6\n7\n"].map((text) => Buffer.from(text)),
        false,
      ),
    );
    assert.deepEqual(
      seen.map(({ refused }) => refused.length),
      [1, 1, 1, 1],
    );
    let refused = 0;
    const sink = { refused: () => refused++ } as unknown as EventSink;
    for (const [chunk, count] of [
      ["1234\r", 0],
      ["5", 1],
      ["6", 1],
    ] as const) {
      decoder.feed(Buffer.from(chunk), sink);
      assert.equal(refused, count);
    }
  });

  it("names the beginning of an unfinished line until it ends", () => {
    const decoder = lineDecoder(4);
    const sink = { event: () => {}, refused: () => {} } as unknown as EventSink;
    const unread = ["a\n ", "bc", "defghijklmnopqrstuvwxyz", "\n"].map((chunk) => {
      decoder.feed(Buffer.from(chunk), sink);
      return decoder.unread()?.toString();
    });
    assert.deepEqual(unread, [undefined, " bc", " bcdefghijklmnopqrst", undefined]);
  });

  it("gives the same result for any bytes and chunks", () => {
    const byte = fc.oneof(fc.constantFrom(10, 13, 0x20, 0x61, 0xc3, 0xa9), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 200 }), fc.array(fc.nat(8)), fc.boolean(), (list, sizes, clean) => {
        const bytes = Buffer.from(list);
        assert.deepEqual(decode(lineDecoder(12), cutAt(bytes, sizes), clean), decode(lineDecoder(12), [bytes], clean));
      }),
    );
  });
});
