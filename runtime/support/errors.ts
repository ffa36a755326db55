/** Stable codes. Test `code`, never the message or the class name: bundling renames classes. */
export type ErrorCode =
  | "CONFIG_INVALID"
  | "EVENT_INVALID"
  | "EVENT_TOO_LARGE"
  | "PROCESSOR_TIMEOUT"
  | "SOURCE_BODY"
  | "SOURCE_EVENT"
  | "SOURCE_FORMAT"
  | "SOURCE_IDLE"
  | "SOURCE_NETWORK"
  | "SOURCE_NO_EVENTS"
  | "SOURCE_STATUS"
  | "SOURCE_TIMEOUT"
  | "STORE_UNAVAILABLE"
  | "VALIDATION_FAILED";

/** The error class of the runtime. */
export class StreamError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  /** The error code of AWS, such as `AccessDeniedException`. Absent: AWS did not answer, or the error is not from AWS. */
  readonly awsError?: string;

  constructor(
    code: ErrorCode,
    message: string,
    options: { retryable?: boolean; awsError?: string; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "StreamError";
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.awsError = options.awsError;
  }
}
