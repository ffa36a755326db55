import { createHash } from "node:crypto";

/** What names an event that is over the limit. */
const DIGEST_BYTES = 1024;
/** A buffer up to this size serves the next line, too. */
const KEPT_BYTES = 1 << 20;
/** What is kept of its line: an SSE field's name stands before the data. */
const HEAD_BYTES = DIGEST_BYTES + 16;

/**
 * The part of a line that came in earlier chunks. Grows by doubling, so a line in a thousand pieces is still copied in linear
 * time; past the limit it keeps only its head and its length.
 */
export class PartialLine {
  /** Bytes seen of this line, held or let go. */
  length = 0;
  /** Bytes of {@link buffer} that are its: all of the line, or the head alone past the limit. */
  held = 0;
  buffer = Buffer.allocUnsafe(256);

  constructor(private readonly maxBytes: number) {}

  append(chunk: Buffer, start: number, end: number): void {
    this.length += end - start;
    const keep = this.length > this.maxBytes ? Math.min(HEAD_BYTES, this.length) : this.length;
    if (keep > this.buffer.length) this.resize(Math.max(keep, this.buffer.length * 2));
    if (keep > this.held) chunk.copy(this.buffer, this.held, start, start + keep - this.held);
    this.held = keep;
    if (keep < this.length && this.buffer.length > HEAD_BYTES) this.resize(HEAD_BYTES);
  }

  reset(): void {
    this.length = 0;
    this.held = 0;
    // A very large line was an exception: do not hold its memory for ever.
    if (this.buffer.length > KEPT_BYTES) this.buffer = Buffer.allocUnsafe(256);
  }

  private resize(bytes: number): void {
    const other = Buffer.allocUnsafe(bytes);
    this.buffer.copy(other, 0, 0, Math.min(this.held, bytes));
    this.buffer = other;
  }
}

/** Names an event whose bytes are gone: SHA-256 of its first 1,024 bytes, base64url. */
export function headDigest(bytes: Buffer): string {
  return createHash("sha256").update(bytes.subarray(0, DIGEST_BYTES)).digest("base64url");
}
