import type { Duplex } from "node:stream";
import { createParser } from "eventsource-parser";
import split2 from "split2";
import streamValues from "stream-json/streamers/stream-values.js";
import type { EventSink } from "../runtime/data/event-sink";
import { jsonDecoder } from "../runtime/data/json-decoder";
import { lineDecoder } from "../runtime/data/line-decoder";
import { sseDecoder } from "../runtime/data/sse-decoder";
import { measure } from "./process";
import { eventText } from "./upstream-text";

export type DecoderName = "sse" | "eventsource-parser" | "lines" | "split2" | "json" | "stream-json";

export interface DecodeRow {
  readonly decoder: DecoderName;
  readonly chunkBytes: number;
  readonly eventBytes: number;
  /** Per second of CPU. */
  readonly eventsPerSecond: number;
  readonly megabytesPerSecond: number;
}

interface Count {
  events: number;
  bytes: number;
}

const PASS_BYTES = 4 << 20;
const TURNS = 6;
const TURN_MS = 500;

/** Runs two decoders over the same bytes in alternating turns. Throws when one does not return all events. */
export async function compareDecoders(
  ours: DecoderName,
  baseline: DecoderName,
  chunkBytes: number,
  eventBytes: number,
): Promise<{ ours: DecodeRow; baseline: DecodeRow }> {
  const count = Math.max(4, Math.floor(PASS_BYTES / eventBytes));
  const texts = Array.from({ length: count }, (_, i) => eventText(i, eventBytes));
  const bytes = Buffer.from(bodyOf(ours, texts));
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) chunks.push(bytes.subarray(at, at + chunkBytes));

  const turns = { [ours]: { passes: 0, microseconds: 0 }, [baseline]: { passes: 0, microseconds: 0 } };
  for (let turn = 0; turn <= TURNS; turn++)
    for (const decoder of [ours, baseline]) {
      const seen: Count = { events: 0, bytes: 0 };
      let done = 0;
      const until = Date.now() + TURN_MS;
      const { cpuMicroseconds } = await measure(async () => {
        for (; Date.now() < until; done++) await passes[decoder](chunks, seen);
      });
      if (seen.events !== count * done || seen.bytes !== count * done * eventBytes)
        throw new Error(`Wrong result of ${decoder}: ${seen.events} events, ${seen.bytes} bytes`);
      // The first turn is a warm-up.
      if (turn === 0) continue;
      turns[decoder]!.passes += done;
      // CPU, not wall time: the ratio of two decoders must not depend on other processes.
      turns[decoder]!.microseconds += cpuMicroseconds;
    }
  const row = (decoder: DecoderName): DecodeRow => {
    const perSecond = (turns[decoder]!.passes / turns[decoder]!.microseconds) * 1e6;
    return {
      ...{ decoder, chunkBytes, eventBytes },
      eventsPerSecond: count * perSecond,
      megabytesPerSecond: (bytes.length * perSecond) / 1e6,
    };
  };
  return { ours: row(ours), baseline: row(baseline) };
}

function bodyOf(decoder: DecoderName, texts: readonly string[]): string {
  if (decoder === "sse") return texts.map((one) => `data: ${one}\n\n`).join("");
  return decoder === "json" ? texts.join("") : `${texts.join("\n")}\n`;
}

const LIMIT = 64 << 20;

const passes: Record<DecoderName, (chunks: readonly Buffer[], seen: Count) => Promise<void> | void> = {
  sse: (chunks, seen) => feed(sseDecoder(LIMIT), chunks, seen),
  lines: (chunks, seen) => feed(lineDecoder(LIMIT), chunks, seen),
  json: (chunks, seen) => feed(jsonDecoder(LIMIT), chunks, seen),
  "eventsource-parser": (chunks, seen) => {
    const parser = createParser({ onEvent: ({ data }) => count(seen, data.length) });
    const text = new TextDecoder();
    for (const chunk of chunks) parser.feed(text.decode(chunk, { stream: true }));
  },
  split2: (chunks, seen) => pass(split2(), chunks, (line: string) => count(seen, line.length)),
  // It gives values, not their text: their bytes are counted by what surrounds the padding.
  "stream-json": (chunks, seen) =>
    pass(streamValues.withParserAsStream(), chunks, ({ value }: { value: { sequence: number; pad: string } }) =>
      count(seen, value.pad.length + eventText(value.sequence, 0).length),
    ),
};

/** Writes the chunks to a stream and reads all that it gives. */
function pass<T>(stream: Duplex, chunks: readonly Buffer[], onData: (data: T) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.on("data", onData).on("end", resolve).on("error", reject);
    let at = 0;
    const write = () => {
      while (at < chunks.length) if (!stream.write(chunks[at++])) return void stream.once("drain", write);
      stream.end();
    };
    write();
  });
}

function feed(decoder: ReturnType<typeof lineDecoder>, chunks: readonly Buffer[], seen: Count): void {
  const sink: EventSink = {
    event: (_data, length) => count(seen, length),
    refused: () => {
      throw new Error("Wrong result: an event was refused");
    },
    malformed: () => {
      throw new Error("Wrong answer: a value was malformed");
    },
    idChanged: () => {},
    idRefused: () => {},
    retry: () => {},
  };
  for (const chunk of chunks) decoder.feed(chunk, sink);
  decoder.end(true, sink);
}

function count(seen: Count, bytes: number): void {
  seen.events++;
  seen.bytes += bytes;
}
