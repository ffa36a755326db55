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
    payload:
      event === undefined || event.pointer !== undefined
        ? undefined
        : payloadOf(event.encoding === "base64" ? Buffer.from(event.data, "base64") : event.data),
    object,
    eventsInObject: failures.length,
  }));
}
