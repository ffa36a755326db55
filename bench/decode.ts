import { createParser } from "eventsource-parser";
import split2 from "split2";
import { lineDecoder } from "../runtime/data/line-decoder";
import type { EventSink } from "../runtime/data/sink";
import { sseDecoder } from "../runtime/data/sse-decoder";
import { measure } from "./process";
import { eventText } from "./upstream-text";

export type DecoderName = "sse" | "eventsource-parser" | "lines" | "split2";

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

/** Two decoders over the same bytes, turn by turn: the best of three rounds each, since a busy machine only ever slows one down. */
export async function compareDecoders(
  ours: DecoderName,
  baseline: DecoderName,
  chunkBytes: number,
  eventBytes: number,
): Promise<{ ours: DecodeRow; baseline: DecodeRow }> {
  const rounds: [DecodeRow, DecodeRow][] = [];
  for (let round = 0; round < 3; round++)
    rounds.push([await benchDecode(ours, chunkBytes, eventBytes), await benchDecode(baseline, chunkBytes, eventBytes)]);
  const best = (index: 0 | 1) =>
    rounds.map((row) => row[index]).reduce((a, b) => (b.eventsPerSecond > a.eventsPerSecond ? b : a));
  return { ours: best(0), baseline: best(1) };
}

/** One decoder, again and again for about a second. Throws where it does not give the events back. */
async function benchDecode(decoder: DecoderName, chunkBytes: number, eventBytes: number): Promise<DecodeRow> {
  const count = Math.max(4, Math.floor(PASS_BYTES / eventBytes));
  const texts = Array.from({ length: count }, (_, i) => eventText(i, eventBytes));
  const sse = decoder === "sse" || decoder === "eventsource-parser";
  const bytes = Buffer.from(sse ? texts.map((one) => `data: ${one}\n\n`).join("") : `${texts.join("\n")}\n`);
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) chunks.push(bytes.subarray(at, at + chunkBytes));

  const seen: Count = { events: 0, bytes: 0 };
  await passes[decoder](chunks, seen);
  seen.events = 0;
  seen.bytes = 0;
  let rounds = 0;
  const until = Date.now() + 1_000;
  const { cpuMicroseconds } = await measure(async () => {
    for (; Date.now() < until; rounds++) await passes[decoder](chunks, seen);
  });
  if (seen.events !== count * rounds || seen.bytes !== count * rounds * eventBytes)
    throw new Error(`Wrong answer of ${decoder}: ${seen.events} events, ${seen.bytes} bytes`);
  // CPU, not wall time: the ratio of two decoders must not depend on who else uses the machine.
  const seconds = cpuMicroseconds / 1e6;
  return {
    ...{ decoder, chunkBytes, eventBytes },
    eventsPerSecond: seen.events / seconds,
    megabytesPerSecond: (bytes.length * rounds) / seconds / 1e6,
  };
}

const LIMIT = 64 << 20;

const passes: Record<DecoderName, (chunks: readonly Buffer[], seen: Count) => Promise<void> | void> = {
  sse: (chunks, seen) => feed(sseDecoder(LIMIT), chunks, seen),
  lines: (chunks, seen) => feed(lineDecoder(LIMIT), chunks, seen),
  "eventsource-parser": (chunks, seen) => {
    const parser = createParser({ onEvent: ({ data }) => count(seen, data.length) });
    const text = new TextDecoder();
    for (const chunk of chunks) parser.feed(text.decode(chunk, { stream: true }));
  },
  split2: (chunks, seen) =>
    new Promise((resolve, reject) => {
      const lines = split2();
      lines.on("data", (line: string) => count(seen, line.length));
      lines.on("end", resolve).on("error", reject);
      let at = 0;
      const write = () => {
        while (at < chunks.length) if (!lines.write(chunks[at++])) return void lines.once("drain", write);
        lines.end();
      };
      write();
    }),
};

function feed(decoder: ReturnType<typeof lineDecoder>, chunks: readonly Buffer[], seen: Count): void {
  const sink: EventSink = {
    event: (_data, length) => count(seen, length),
    refused: () => {
      throw new Error("Wrong answer: an event was refused");
    },
    moved: () => {},
    retry: () => {},
  };
  for (const chunk of chunks) decoder.feed(chunk, sink);
  decoder.end(true, sink);
}

function count(seen: Count, bytes: number): void {
  seen.events++;
  seen.bytes += bytes;
}
