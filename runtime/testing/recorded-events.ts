import type { TestEvent } from "./test-processor";

/** One line of `stream-ingestion tail --json`. */
interface RecordedLine extends Omit<TestEvent, "data"> {
  readonly data?: string;
  /** Data that is not text. */
  readonly base64?: string;
  /** Name of the object in the bucket that contains large data. */
  readonly pointer?: string;
}

/**
 * The events of a recording by `stream-ingestion tail --json`, for {@link testProcessor}. Empty lines are skipped. Throws for a line
 * that is not an event, and for an event whose data is in the bucket, because the recording does not contain it.
 *
 * @example
 * const events = recordedEvents(readFileSync("fixtures/prices.jsonl", "utf8"));
 */
export function recordedEvents(text: string): TestEvent[] {
  return text.split("\n").flatMap((line, index) => (line.trim() === "" ? [] : [eventOf(line, index + 1)]));
}

function eventOf(line: string, number: number): TestEvent {
  const { base64, pointer, ...event } = parsed(line, number);
  if (pointer !== undefined)
    throw new Error(
      `Expected line ${number} of the recording to contain the event's data, got a pointer to "${pointer}" in the bucket. Remove the line, or write the data into it.`,
    );
  return base64 === undefined ? event : { ...event, data: Buffer.from(base64, "base64") };
}

function parsed(line: string, number: number): RecordedLine {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null && ["data", "base64", "pointer"].some((name) => name in value))
      return value;
  } catch {
    // The error below shows the line.
  }
  throw new Error(
    `Expected line ${number} of the recording to be an event of \`stream-ingestion tail --json\`, got "${line.slice(0, 80)}".`,
  );
}
