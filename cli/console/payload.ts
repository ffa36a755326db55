import type { Payload } from "./protocol";

/** Characters of a payload, a log line or a message. The rest is cut. */
export const MAX_TEXT = 8_192;

/** The data of an event for the page: text as it is, other bytes as base64. */
export function wholePayload(data: string | Buffer): Payload {
  const isText = typeof data === "string";
  const text = isText ? data : data.toString("base64");
  return { text, encoding: isText ? "utf8" : "base64", bytes: Buffer.byteLength(data), cut: false };
}

/** The beginning of the data, for a list. */
export function payloadOf(data: string | Buffer): Payload {
  const { text, ...whole } = wholePayload(data);
  return { ...whole, text: cut(text), cut: text.length > MAX_TEXT };
}

export function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : text.slice(0, MAX_TEXT);
}
