import type { Archive } from "../../resources/archive";

/** A function as it was deployed. */
export interface FunctionSpec {
  readonly name: string;
  readonly arn: string;
  readonly roleArn: string;
  /** `file.export` */
  readonly handler: string;
  /** `nodejs24.x` */
  readonly runtime: string;
  readonly code: Archive;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly variables: Readonly<Record<string, string>>;
  readonly logGroup: string;
  /** Absent = as many environments as needed; 0 = none. */
  readonly reservedConcurrency?: number;
}

/** Settings of asynchronous invocations, with Lambda's own defaults. */
export interface AsyncSettings {
  readonly maximumRetryAttempts: number;
  readonly maximumEventAgeSeconds: number;
}

export const DEFAULT_ASYNC: AsyncSettings = { maximumRetryAttempts: 2, maximumEventAgeSeconds: 6 * 3600 };
