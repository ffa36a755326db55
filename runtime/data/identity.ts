import { createHash, hash } from "node:crypto";
import type { IdentitySettings } from "../contract";
import type { LazyJson } from "../support/json-pointer";

/** By character code: the base64url digit with its four low bits cleared. The 22nd character of 128 bits holds two bits. */
const LAST_DIGIT = Array.from({ length: 128 }, (_, code) => {
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const value = digits.indexOf(String.fromCharCode(code));
  return value === -1 ? "" : digits[value & 0b110000]!;
});

const LONG = 1 << 16;

/** 128 bits of SHA-256, base64url: 22 characters. */
function digest(input: string | Buffer): string {
  return key(hash("sha256", input, "base64url"));
}

function key(text: string): string {
  return text.slice(0, 21) + LAST_DIGIT[text.charCodeAt(21)];
}

/**
 * Key from an event's type and data. The hashed text ends with an LF and the type. A type contains no LF, so different
 * pairs of type and data never produce the same text.
 */
export function contentKey(data: string | Buffer, type: string): string {
  const suffix = type === "message" ? "\n" : `\n${type}`;
  // Without a copy of the data. For short data, the call is slower than the copy.
  if (data.length > LONG) return key(createHash("sha256").update(data).update(suffix).digest("base64url"));
  return digest(typeof data === "string" ? data + suffix : Buffer.concat([data, Buffer.from(suffix)]));
}

/** Key from an id that the source gave. The text ends with CR, which a content text never does. The hash spreads ascending ids over partitions. */
function nameKey(name: string): string {
  return digest(`${name}\r`);
}

export interface Identified {
  readonly data: string | Buffer;
  readonly type: string;
  readonly id: string;
  readonly ownId: boolean;
  readonly json: LazyJson;
  /** Unique among all events of all hops. */
  readonly arrivalKey: string;
}

/** An event's key. Events with equal keys are one event. An event without the configured id or value is identified by its content. */
export function eventKey(identity: IdentitySettings, event: Identified): string {
  switch (identity.kind) {
    case "content":
      return contentKey(event.data, event.type);
    case "sse-id":
      return event.ownId && event.id !== "" ? nameKey(event.id) : contentKey(event.data, event.type);
    case "pointer": {
      const value = event.json.textAt(identity.pointer);
      return value === undefined ? contentKey(event.data, event.type) : nameKey(value);
    }
    case "arrival":
      return nameKey(event.arrivalKey);
  }
}
