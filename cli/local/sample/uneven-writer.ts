import type { Writable } from "node:stream";

const PAUSE_MS = 4;

/**
 * Writes text in pieces that respect neither events nor lines nor characters: some bytes now, some a moment later,
 * as networks do.
 */
export function unevenWriter(output: Writable, random: () => number): (text: string) => void {
  let waiting = Buffer.alloc(0);
  let scheduled = false;

  function flush(): void {
    scheduled = false;
    if (output.destroyed) return;
    const size = random() < 0.5 ? waiting.length : Math.ceil(waiting.length * random());
    output.write(waiting.subarray(0, size));
    waiting = waiting.subarray(size);
    if (waiting.length > 0) schedule();
  }

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    setTimeout(flush, PAUSE_MS);
  }

  return (text) => {
    waiting = Buffer.concat([waiting, Buffer.from(text)]);
    schedule();
  };
}
