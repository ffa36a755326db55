import assert from "node:assert/strict";
import fc from "fast-check";
import { lineDecoder } from "../../runtime/data/line-decoder";
import { bodies, chunkings, cutAt, decode } from "./conformance/decode";
import { LINE_CASES } from "./conformance/line-cases";

describe("line decoder", () => {
  for (const { name, body, lines, refused = [], maxEventBytes = 1 << 20, clean = true } of LINE_CASES)
    it(`frames lines, whatever the line ends and chunks: ${name}`, () => {
      for (const bytes of bodies(body, ["\n", "\r\n"]))
        for (const chunks of chunkings(bytes)) {
          const decoded = decode(lineDecoder(maxEventBytes), chunks, clean);
          assert.deepEqual(
            decoded.events.map(({ data }) => data),
            lines,
          );
          assert.deepEqual(
            decoded.refused.map(({ bytes }) => bytes),
            refused,
          );
        }
    });

  it("gives the same result for any bytes and chunks", () => {
    const byte = fc.oneof(fc.constantFrom(10, 13, 0x61, 0xc3, 0xa9), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 200 }), fc.array(fc.nat(8)), fc.boolean(), (list, sizes, clean) => {
        const bytes = Buffer.from(list);
        assert.deepEqual(decode(lineDecoder(12), cutAt(bytes, sizes), clean), decode(lineDecoder(12), [bytes], clean));
      }),
    );
  });
});
