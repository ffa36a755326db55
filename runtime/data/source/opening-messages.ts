/** What the placeholders of a message stand for. */
export interface MessageValues {
  readonly streamId: string;
  readonly position: string | undefined;
  readonly key: string | undefined;
}

/**
 * The messages to send after the WebSocket opens, with `{streamId}`, `{position}` and `{key}` replaced. A value is escaped as part of
 * a JSON string. Without a position or key, the placeholder is replaced by nothing.
 */
export function openingMessages(messages: readonly string[], values: MessageValues): string[] {
  return messages.map((message) =>
    message.replace(/\{(streamId|position|key)\}/g, (_, name: keyof MessageValues) =>
      JSON.stringify(values[name] ?? "").slice(1, -1),
    ),
  );
}
