import { createHash } from "node:crypto";

/** Bytes that the digest of an event over the limit covers. */
const DIGEST_BYTES = 1024;
/** A buffer up to this size is reused for the next line. Many streams can be in one hop. */
const KEPT_BYTES = 1 << 16;
/** Bytes of a body that an error message shows. */
export const EXCERPT_BYTES = 20;
/** Bytes kept of a line over the limit: the digested data, and the SSE field name before it. */
const HEAD_BYTES = DIGEST_BYTES + 16;

/**
 * The part of a line that arrived in earlier chunks. The buffer doubles when it is full, so a line in many chunks is copied in
 * linear time. Past the limit only the head and the length are kept.
 */
export class PartialLine {
  /** Bytes of this line so far, kept or discarded. */
  length = 0;
  /** Bytes of this line in {@link buffer}: all of it, or only the head past the limit. */
  held = 0;
  buffer = Buffer.allocUnsafe(256);

  constructor(private readonly maxBytes: number) {}

  append(chunk: Buffer, start: number, end: number): void {
    this.length += end - start;
    const keep = this.length > this.maxBytes ? Math.min(HEAD_BYTES, this.length) : this.length;
    if (keep > this.buffer.length) this.resize(Math.max(keep, Math.min(this.maxBytes, this.buffer.length * 2)));
    if (keep > this.held) chunk.copy(this.buffer, this.held, start, start + keep - this.held);
    this.held = keep;
    if (keep < this.length && this.buffer.length > HEAD_BYTES) this.resize(HEAD_BYTES);
  }

  /** The first bytes, at most as many as an error message shows. */
  get head(): Buffer {
    return this.buffer.subarray(0, Math.min(this.held, EXCERPT_BYTES));
  }

  /** Bytes of memory that the line occupies. */
  get size(): number {
    return this.length === 0 ? 0 : this.buffer.length;
  }

  reset(): void {
    this.length = 0;
    this.held = 0;
    if (this.buffer.length <= KEPT_BYTES) return;
    this.release();
    this.buffer = Buffer.allocUnsafe(256);
  }

  private resize(bytes: number): void {
    const other = Buffer.allocUnsafe(bytes);
    this.buffer.copy(other, 0, 0, Math.min(this.held, bytes));
    this.release();
    this.buffer = other;
  }

  /** Frees a large buffer now: V8 collects memory outside its heap only after 64 MB of it. Nobody else has a view of it. */
  private release(): void {
    if (this.buffer.length > KEPT_BYTES) (this.buffer.buffer as unknown as { transfer(n: number): void }).transfer(0);
  }
}

/**
 * Identifies an event whose bytes are discarded: SHA-256, base64url, of its first 1,024 bytes, or of as many as pass a smaller
 * limit, so that the chunks do not change it.
 */
export function headDigest(bytes: Buffer, maxEventBytes: number): string {
  return createHash("sha256")
    .update(bytes.subarray(0, Math.min(DIGEST_BYTES, maxEventBytes + 1)))
    .digest("base64url");
}
