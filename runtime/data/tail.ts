import { createHash, type Hash } from "node:crypto";

/**
 * The part of a line that came in earlier chunks. Grows by doubling, so a line in a thousand pieces is still copied in linear
 * time; past the limit it keeps nothing but a length and a digest.
 */
export class Tail {
  /** Bytes held or let go. */
  length = 0;
  private buffer = Buffer.allocUnsafe(256);
  private hash: Hash | undefined;

  constructor(private readonly maxBytes: number) {}

  get overflowed(): boolean {
    return this.hash !== undefined;
  }

  append(chunk: Buffer, start: number, end: number): void {
    const length = this.length + end - start;
    if (!this.hash && length > this.maxBytes) {
      this.hash = createHash("sha256").update(this.buffer.subarray(0, this.length));
      this.buffer = Buffer.allocUnsafe(256);
    }
    if (this.hash) this.hash.update(chunk.subarray(start, end));
    else {
      if (length > this.buffer.length) {
        const larger = Buffer.allocUnsafe(Math.max(length, this.buffer.length * 2));
        this.buffer.copy(larger, 0, 0, this.length);
        this.buffer = larger;
      }
      chunk.copy(this.buffer, this.length, start, end);
    }
    this.length = length;
  }

  /** The bytes held: a view that lives until the next append. */
  bytes(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  /** SHA-256 of an overflowed line. */
  digest(): string {
    return this.hash?.digest("base64url") ?? "";
  }

  reset(): void {
    this.length = 0;
    this.hash = undefined;
    // A large line was an exception: do not hold its memory for ever.
    if (this.buffer.length > 65_536) this.buffer = Buffer.allocUnsafe(256);
  }
}
