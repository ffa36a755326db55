import type { Readable } from "node:stream";
import type { Clock } from "../../support/clock";

const EXCERPT_BYTES = 300;

/** The first bytes of an error page that arrive within a second. */
export async function readExcerpt(body: Readable, clock: Clock, signal: AbortSignal): Promise<string> {
  const done = new AbortController();
  void clock.sleep(1_000, AbortSignal.any([signal, done.signal])).then(() => body.destroy());
  let bytes = Buffer.alloc(0);
  try {
    for await (const chunk of body) {
      bytes = Buffer.concat([bytes, chunk as Buffer]);
      if (bytes.length >= EXCERPT_BYTES) break;
    }
  } catch {
    // An incomplete page is good enough for an excerpt.
  } finally {
    done.abort();
  }
  return bytes.toString("utf8", 0, EXCERPT_BYTES).replace(/\s+/g, " ").trim();
}
