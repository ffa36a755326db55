import type { Failure } from "pulumi-stream-ingestion/internal";
import { cut, payloadOf } from "./payload";
import type { FailureView } from "./protocol";
import { refOf } from "./stream-view";

/** The failed events of one object of the failure bucket. */
export function failureViews(instance: string, object: string, failures: readonly Failure[]): FailureView[] {
  return failures.map(({ streamId, key, at, attempts, error, event }, index) => ({
    id: `${instance}/${object}#${index}`,
    stream: refOf(instance, streamId),
    key,
    at,
    attempts,
    code: error.code,
    message: cut(error.message),
    stack: error.stack && cut(error.stack),
    type: event?.type,
    payload: event && payloadOf(dataOf(event)),
    object,
    number: index,
    eventsInObject: failures.length,
  }));
}

/** The data of a failed event, which its object contains also when it is too large for an item. */
export function dataOf({ data, encoding }: Pick<NonNullable<Failure["event"]>, "data" | "encoding">): string | Buffer {
  return encoding === "base64" ? Buffer.from(data, "base64") : data;
}
