import { hash } from "node:crypto";
import type { IdentitySettings, IgnoreRule } from "../contract";
import type { LazyJson } from "../support/json-pointer";

/** base64url digits whose two low-order groups are cut: the 22nd character of 128 bits holds two bits. */
const LAST_DIGIT = Array.from({ length: 128 }, (_, code) => {
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const value = digits.indexOf(String.fromCharCode(code));
  return value === -1 ? "" : digits[value & 0b110000]!;
});

/** 128 bits of SHA-256, base64url: 22 characters. */
function digest(input: string | Buffer): string {
  const text = hash("sha256", input, "base64url");
  return text.slice(0, 21) + LAST_DIGIT[text.charCodeAt(21)];
}

/**
 * Key of an event by what it says: type and data. The type ends the hashed text, after the last LF, and a type holds none:
 * no two pairs share a text.
 */
export function contentKey(data: string | Buffer, type: string): string {
  const suffix = type === "message" ? "\n" : `\n${type}`;
  return digest(typeof data === "string" ? data + suffix : Buffer.concat([data, Buffer.from(suffix)]));
}

/** Key of an event by a name it has. Ends in CR, which no content text does. Hashed, so that rising ids do not heat one partition. */
function nameKey(name: string): string {
  return digest(`${name}\r`);
}

export interface Identified {
  readonly data: string | Buffer;
  readonly type: string;
  readonly id: string;
  readonly ownId: boolean;
  readonly json: LazyJson;
  /** Unlike that of any other event of any hop. */
  readonly arrival: string;
}

/** What makes two events one. An event without the id or value that is asked for goes by its content. */
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
      return nameKey(event.arrival);
  }
}

/** Is this event a heartbeat by one of the rules? */
export function isIgnored(rules: readonly IgnoreRule[], type: string, json: LazyJson): boolean {
  return rules.some((rule) => (rule.kind === "type" ? rule.type === type : json.at(rule.pointer) === rule.equals));
}
