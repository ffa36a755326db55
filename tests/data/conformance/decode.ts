import assert from "node:assert/strict";
import fc from "fast-check";
import type { Decoder, EventSink } from "../../../runtime/data/event-sink";

export interface Decoded {
  readonly events: readonly { readonly type: string; readonly data: string | Buffer; readonly id: string }[];
  readonly refused: readonly { readonly digest: string; readonly type: string; readonly id: string }[];
  readonly malformed: readonly { readonly bytes: number; readonly digest: string }[];
  readonly refusedIds: number;
  readonly position: string;
  readonly retryMs: number | undefined;
}

/** Everything that a decoder reports for a body in these chunks. */
export function decode(decoder: Decoder, chunks: readonly Buffer[], clean = true): Decoded {
  const events: Decoded["events"][number][] = [];
  const refused: Decoded["refused"][number][] = [];
  const malformed: Decoded["malformed"][number][] = [];
  let refusedIds = 0;
  let position = "";
  let retryMs: number | undefined;
  const sink: EventSink = {
    event: (data, bytes, type, id) => {
      assert.equal(Buffer.byteLength(data), bytes, "dataBytes is the length of the data");
      events.push({ data: typeof data === "string" ? data : Buffer.from(data), type, id });
      position = id;
    },
    refused: (digest, type, id) => {
      refused.push({ digest, type, id });
    },
    malformed: (bytes, digest) => {
      malformed.push({ bytes, digest });
    },
    idChanged: (id) => {
      position = id;
    },
    idRefused: () => {
      refusedIds++;
    },
    retry: (ms) => {
      retryMs = ms;
    },
  };
  for (const chunk of chunks) decoder.feed(chunk, sink);
  decoder.end(clean, sink);
  return { events, refused, malformed, refusedIds, position, retryMs };
}

/** The body with each of the `ends` in place of LF. Bytes, and text that names its CRs, are taken as written. */
export function bodies(body: string | Buffer, ends: readonly string[]): Buffer[] {
  if (typeof body !== "string" || body.includes("\r")) return [Buffer.from(body)];
  return ends.map((end) => Buffer.from(body.replaceAll("\n", end)));
}

/** One chunk; chunks of 1, 2, 3, 7 and 200 bytes; two chunks at every split point; and random chunks. */
export function* chunkings(bytes: Buffer): Generator<Buffer[]> {
  yield [bytes];
  for (const size of [1, 2, 3, 7, 200]) yield cut(bytes, size);
  for (let at = 1; at < Math.min(bytes.length, 4_096); at++) yield [bytes.subarray(0, at), bytes.subarray(at)];
  for (const sizes of fc.sample(fc.array(fc.integer({ min: 1, max: 8 })), { numRuns: 20, seed: 1 })) {
    yield cutAt(bytes, sizes);
  }
}

export function cut(bytes: Buffer, size: number): Buffer[] {
  return cutAt(bytes, new Array(Math.ceil(bytes.length / size)).fill(size));
}

/** Chunks of these sizes, and the rest. */
export function cutAt(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  for (const size of sizes) {
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return [...chunks, bytes.subarray(at)].filter((chunk) => chunk.length > 0);
}
