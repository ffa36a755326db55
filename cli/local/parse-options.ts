import { InvalidArgumentError } from "commander";

import { isStreamId, STREAM_ID_RULE } from "pulumi-stream-ingestion/internal";

/** `KEY=VALUE`, repeatable. The value may contain equal signs. */
export function keyValue(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("Expected KEY=VALUE.");
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** A port; 0 selects a free one. */
export function port(text: string): number {
  return whole(text, 0, 65_535);
}

/** Seconds of a hop. A handover needs at least 5; Lambda ends an invocation after 900. */
export function hopSeconds(text: string): number {
  return whole(text, 5, 900);
}

/** Seconds of a run. */
export function runSeconds(text: string): number {
  return whole(text, 1, 86_400);
}

/** `https://stream.example.com` */
export function origin(text: string): string {
  if (/^https?:\/\/[^/]+\/?$/i.test(text) && URL.canParse(text)) return text;
  throw new InvalidArgumentError("Expected http(s)://HOST without a path. Set the path with --path.");
}

export function streamId(text: string): string {
  if (isStreamId(text)) return text;
  throw new InvalidArgumentError(`Expected ${STREAM_ID_RULE}.`);
}

/** Stream ids, repeatable. */
export function streamIds(text: string, before: readonly string[] = []): string[] {
  return [...before, streamId(text)];
}

function whole(text: string, from: number, to: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= from && value <= to) return value;
  throw new InvalidArgumentError(`Expected a whole number in ${from}..${to}.`);
}
