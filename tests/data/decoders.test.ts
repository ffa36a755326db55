import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import type { Decoder, EventSink } from "../../runtime/data/event-sink";
import { lineDecoder } from "../../runtime/data/line-decoder";
import { sseDecoder } from "../../runtime/data/sse-decoder";

const SAMPLES = join(__dirname, "../../../shared/data");

interface Seen {
  events: { type: string; data: string | Buffer; id: string }[];
  refused: { bytes: number; digest: string; type: string; id: string }[];
  position: string;
  retryMs: number | null;
}

function decode(decoder: Decoder, chunks: readonly Buffer[], clean = true): Seen {
  const seen: Seen = { events: [], refused: [], position: "", retryMs: null };
  const sink: EventSink = {
    event: (data, bytes, type, id) => {
      assert.equal(Buffer.byteLength(data), bytes, "dataBytes is the length of the data");
      seen.events.push({ data: typeof data === "string" ? data : Buffer.from(data), type, id });
      seen.position = id;
    },
    refused: (bytes, digest, type, id) => {
      seen.refused.push({ bytes, digest, type, id });
    },
    moved: (id) => {
      seen.position = id;
    },
    retry: (ms) => {
      seen.retryMs = ms;
    },
  };
  for (const chunk of chunks) decoder.feed(chunk, sink);
  decoder.end(clean, sink);
  return seen;
}

function cut(bytes: Buffer, size: number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
  return chunks;
}

/** Whole, in pieces of 1, 2, 3, 7 and 200 bytes, at every single split point, and as the suite cut it. */
function* chunkings(bytes: Buffer, own?: readonly string[]): Generator<Buffer[]> {
  yield [bytes];
  for (const size of [1, 2, 3, 7, 200]) yield cut(bytes, size);
  for (let at = 1; at < Math.min(bytes.length, 4096); at++) yield [bytes.subarray(0, at), bytes.subarray(at)];
  if (own) yield own.map((chunk) => Buffer.from(chunk, "base64"));
}

interface SseCase {
  name: string;
  input_base64: string;
  chunks_base64?: string[];
  expected: { type: string; data: string; lastEventId: string }[];
  final_last_event_id?: string;
  final_retry_ms?: number | null;
}

interface LineCase {
  name: string;
  input_base64: string;
  chunks_base64?: string[];
  limit?: number;
  expected: { line_base64: string }[];
}

function cases<T>(file: string): T[] {
  const path = join(SAMPLES, file);
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : [];
}

describe("SSE decoder", () => {
  const suite = cases<SseCase>("sse-conformance.json");
  if (suite.length === 0) it.skip("passes the conformance suite (the sample data folder is absent)", () => {});
  for (const one of suite)
    it(`gives what the suite expects, however cut: ${one.name}`, () => {
      const expected = one.expected.map(({ type, data, lastEventId }) => ({ type, data, id: lastEventId }));
      for (const chunks of chunkings(Buffer.from(one.input_base64, "base64"), one.chunks_base64)) {
        const seen = decode(sseDecoder(1 << 20), chunks);
        assert.deepEqual(
          seen.events.map(({ type, data, id }) => ({ type, data, id })),
          expected,
        );
        if (one.final_last_event_id !== undefined) assert.equal(seen.position, one.final_last_event_id);
        if (one.final_retry_ms !== undefined) assert.equal(seen.retryMs, one.final_retry_ms);
      }
    });

  it("refuses an event over the limit and keeps its neighbours, however cut", () => {
    const bytes = Buffer.from(
      `data: ok\n\nevent: big\nid: 7\ndata: ${"x".repeat(3000)}\ndata: y\n\n:${"c".repeat(5000)}\ndata: ok\n\n`,
    );
    const whole = decode(sseDecoder(100), [bytes]);
    assert.deepEqual(
      whole.events.map((event) => event.data),
      ["ok", "ok"],
    );
    assert.deepEqual(
      whole.refused.map(({ bytes, type, id }) => ({ bytes, type, id })),
      [{ bytes: 3002, type: "big", id: "7" }],
    );
    for (const size of [1, 7, 64, 1000]) assert.deepEqual(decode(sseDecoder(100), cut(bytes, size)), whole);
  });

  it("counts the event, not the line: many short lines are refused together", () => {
    const bytes = Buffer.from(`${"data: 1234\n".repeat(30)}\ndata: ok\n\n`);
    for (const size of [1, 3, 1000]) {
      const seen = decode(sseDecoder(100), cut(bytes, size));
      assert.equal(seen.refused[0]?.bytes, 30 * 5 - 1);
      assert.deepEqual(
        seen.events.map((event) => event.data),
        ["ok"],
      );
    }
  });

  it("never depends on chunking, whatever the bytes", () => {
    const piece = fc.constantFrom(
      ...[
        "data",
        "data: ",
        "id: a",
        "id:",
        "id: \0",
        "event: e",
        "retry: 5",
        ":",
        ": ",
        "x",
        "é",
        "\n",
        "\r",
        "\r\n",
        "\n\n",
      ],
      ...["\uFEFF", "data: 0123456789012345678901234567890123456789"],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), fc.array(fc.nat(8)), (pieces, sizes) => {
        const bytes = Buffer.from(pieces.join(""));
        assert.deepEqual(decode(sseDecoder(30), randomCut(bytes, sizes)), decode(sseDecoder(30), [bytes]));
      }),
    );
  });
});

describe("line decoder", () => {
  const suite = cases<LineCase>("ndjson-conformance.json");
  if (suite.length === 0) it.skip("passes the conformance suite (the sample data folder is absent)", () => {});
  for (const one of suite)
    it(`gives what the suite expects, however cut: ${one.name}`, () => {
      const limit = one.limit ?? 1 << 20;
      const expected = one.expected.map((line) => Buffer.from(line.line_base64, "base64"));
      for (const chunks of chunkings(Buffer.from(one.input_base64, "base64"), one.chunks_base64)) {
        const seen = decode(lineDecoder(limit), chunks);
        assert.deepEqual(
          seen.events.map((event) => Buffer.from(event.data as string)),
          expected.filter((line) => line.length <= limit),
        );
        assert.equal(seen.refused.length, expected.filter((line) => line.length > limit).length);
      }
    });

  it("discards the tail of a broken body and keeps that of a clean one", () => {
    assert.deepEqual(decode(lineDecoder(100), [Buffer.from("a\nb")], false).events.length, 1);
    assert.deepEqual(decode(lineDecoder(100), [Buffer.from("a\nb")], true).events.length, 2);
  });

  it("keeps a line that is no UTF-8 as bytes", () => {
    const bytes = Buffer.from([0x61, 0xff, 0x0a, 0x62, 0x0a]);
    const events = decode(lineDecoder(100), [bytes]).events.map((event) => event.data);
    assert.deepEqual(events, [Buffer.from([0x61, 0xff]), "b"]);
  });

  it("never depends on chunking, whatever the bytes", () => {
    const byte = fc.oneof(fc.constantFrom(10, 13, 0x61, 0xc3, 0xa9), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 200 }), fc.array(fc.nat(8)), fc.boolean(), (list, sizes, clean) => {
        const bytes = Buffer.from(list);
        assert.deepEqual(
          decode(lineDecoder(12), randomCut(bytes, sizes), clean),
          decode(lineDecoder(12), [bytes], clean),
        );
      }),
    );
  });
});

function randomCut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  for (const size of sizes) {
    if (size === 0) continue;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  if (at < bytes.length) chunks.push(bytes.subarray(at));
  return chunks.filter((chunk) => chunk.length > 0);
}
