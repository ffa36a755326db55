import assert from "node:assert/strict";
import fc from "fast-check";
import type { EventSink } from "../../runtime/data/event-sink";
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
            refusedIds: 0,
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
      whole.refused.map(({ type, id }) => ({ type, id })),
      [{ type: "big", id: "7" }],
    );
    for (const size of [1, 7, 64, 1_000]) assert.deepEqual(decode(sseDecoder(100), cut(bytes, size)), whole);
  });

  it("applies the limit to the event, not the line: many short lines are refused together", () => {
    const bytes = Buffer.from(`${"data: 1234\n".repeat(30)}\ndata: ok\n\n`);
    for (const size of [1, 3, 1_000]) {
      const { refused, events } = decode(sseDecoder(100), cut(bytes, size));
      assert.equal(refused.length, 1);
      assert.deepEqual(
        events.map((event) => event.data),
        ["ok"],
      );
    }
  });

  it("refuses an event once it is over the limit, before its line or block ends", () => {
    const never = [`data: ${"x".repeat(31)}`, "data: 0123456789\n".repeat(3), `event: ${"x".repeat(31)}`];
    for (const body of never)
      for (const size of [1, 7, 100]) {
        const { refused, events } = decode(sseDecoder(30), cut(Buffer.from(body), size));
        assert.deepEqual([refused.length, events.length], [1, 0], body);
      }
    const comment = decode(sseDecoder(30), [Buffer.from(`:${"x".repeat(100)}`)]);
    assert.equal(comment.refused.length, 0);
  });

  it("moves the position past a refused event", () => {
    const { position } = decode(sseDecoder(30), [Buffer.from(`id: 7\ndata: ${"x".repeat(31)}\n\n`)]);
    assert.equal(position, "7");
  });

  it("ignores an id that is too long, and keeps the event and the previous id", () => {
    const body = `id: 1\ndata: a\n\nid: ${"x".repeat(2_049)}\ndata: b\n\n`;
    const { events, refusedIds, position } = decode(sseDecoder(1 << 20), [Buffer.from(body)]);
    assert.deepEqual([events.map(({ id }) => id), refusedIds, position], [["1", "1"], 1, "1"]);
  });

  const unread: [string, string, string | undefined][] = [
    ["an event", "data: a\n\n", undefined],
    ["a comment", ": ping\n\n", undefined],
    ["an unfinished comment", ": pi", undefined],
    ["a block without data", "event: ping\n\n", undefined],
    ["an unfinished line", "data: a\n\ndat", "dat"],
    ["a block without its blank line", "data: a\ndata: b\n", "data: a\nb"],
    ["JSON lines", '{"a":1}\n{"a":2}\n\n', '{"a":1}'],
    ["JSON lines before an event", '{"a":1}\n\ndata: a\n\n', undefined],
    ["JSON lines before a comment", '{"a":1}\n\n: ping\n', undefined],
    ["lines with an unknown field", `id: 1\nDATA: ${"x".repeat(20)}\n\n`, `DATA: ${"x".repeat(14)}`],
  ];
  for (const [name, body, expected] of unread)
    it(`${expected === undefined ? "has no unread bytes after" : "names the beginning of"} ${name}`, () => {
      const sink = { event: () => {}, idChanged: () => {} } as unknown as EventSink;
      for (const size of [1, 1_000]) {
        const decoder = sseDecoder(100);
        for (const chunk of cut(Buffer.from(body), size)) decoder.feed(chunk, sink);
        assert.equal(decoder.unread()?.toString(), expected);
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
