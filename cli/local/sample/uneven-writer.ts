import type { Writable } from "node:stream";

const PAUSE_MS = 4;

/** Writes text in random pieces with pauses, as networks do: a piece can end inside an event, a line or a character. */
export function unevenWriter(output: Writable, random: () => number): (text: string) => void {
  let pending = Buffer.alloc(0);
  let scheduled = false;

  function flush(): void {
    scheduled = false;
    if (output.destroyed) return;
    const size = random() < 0.5 ? pending.length : Math.ceil(pending.length * random());
    output.write(pending.subarray(0, size));
    pending = pending.subarray(size);
    if (pending.length > 0) schedule();
  }

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    setTimeout(flush, PAUSE_MS);
  }

  return (text) => {
    pending = Buffer.concat([pending, Buffer.from(text)]);
    schedule();
  };
}
