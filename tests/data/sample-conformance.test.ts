import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { lineDecoder } from "../../runtime/data/line-decoder";
import { sseDecoder } from "../../runtime/data/sse-decoder";
import { chunkings, decode } from "./conformance/decode";

const SAMPLES = join(__dirname, "../../../shared/data");

interface Case {
  readonly name: string;
  readonly input_base64: string;
  /** The chunks that the suite defines. */
  readonly chunks_base64?: readonly string[];
}

interface SseCase extends Case {
  readonly expected: readonly { readonly type: string; readonly data: string; readonly lastEventId: string }[];
  readonly final_last_event_id?: string;
  readonly final_retry_ms?: number | null;
}

interface LineCase extends Case {
  readonly limit?: number;
  readonly expected: readonly { readonly line_base64: string }[];
}

function cases<T extends Case>(file: string): readonly T[] {
  const path = join(SAMPLES, file);
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : [];
}

function* cuts({ input_base64, chunks_base64 }: Case): Generator<Buffer[]> {
  yield* chunkings(Buffer.from(input_base64, "base64"));
  if (chunks_base64) yield chunks_base64.map((chunk) => Buffer.from(chunk, "base64"));
}

/** Other projects' suites, which are not part of the repository, where they are present. */
describe("conformance suites of other projects", () => {
  if (!existsSync(SAMPLES)) it.skip("pass (the folder of samples is absent)", () => {});

  for (const one of cases<SseCase>("sse-conformance.json"))
    it(`pass in the SSE decoder, for any chunks: ${one.name}`, () => {
      const expected = one.expected.map(({ type, data, lastEventId }) => ({ data, type, id: lastEventId }));
      for (const chunks of cuts(one)) {
        const { events, position, retryMs } = decode(sseDecoder(1 << 20), chunks);
        assert.deepEqual(events, expected);
        if (one.final_last_event_id !== undefined) assert.equal(position, one.final_last_event_id);
        if (one.final_retry_ms !== undefined) assert.equal(retryMs ?? null, one.final_retry_ms);
      }
    });

  for (const one of cases<LineCase>("ndjson-conformance.json"))
    it(`pass in the line decoder, for any chunks: ${one.name}`, () => {
      const limit = one.limit ?? 1 << 20;
      const expected = one.expected.map((line) => Buffer.from(line.line_base64, "base64"));
      for (const chunks of cuts(one)) {
        const { events, refused } = decode(lineDecoder(limit), chunks);
        assert.deepEqual(
          events.map(({ data }) => Buffer.from(data as string)),
          expected.filter((line) => line.length <= limit),
        );
        assert.equal(refused.length, expected.filter((line) => line.length > limit).length);
      }
    });
});
