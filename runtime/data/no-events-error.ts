import type { Format } from "../contract";
import { StreamError } from "../support/errors";

/** How bodies of the usual formats begin. */
const LOOKS: readonly (readonly [RegExp, string])[] = [
  [/^(data|event|id|retry)?:/, "server-sent events"],
  [/^\s*[{["]/, "JSON"],
  [/^\s*</, "HTML or XML"],
];

/** Bytes arrive, and no event does: usually, the source sends another format. `unread`: how the bytes begin. */
export function noEventsError(unread: Buffer, format: Format, redact: (text: string) => string): StreamError {
  const looks = LOOKS.find(([beginning]) => beginning.test(unread.toString("latin1")))?.[1];
  const excerpt = unread.length === 0 ? "" : ` The first bytes are ${JSON.stringify(redact(unread.toString()))}`;
  const guess = excerpt === "" ? "" : looks ? `, which look like ${looks}.` : ".";
  return new StreamError(
    "SOURCE_NO_EVENTS",
    `The source has sent bytes for a minute, and no event.${excerpt}${guess} \`source.format\` is ${format}: set it to what the source sends (sse, lines, json or json-seq).`,
  );
}
