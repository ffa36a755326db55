import type { Archive } from "../../resources/archive";

/** A deployed function. */
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
  readonly logFormat: "JSON" | "Text";
  /** Maximum number of environments; 0: none. @default unlimited */
  readonly reservedConcurrency?: number;
}

/** Settings of asynchronous invocations. */
export interface AsyncSettings {
  readonly maximumRetryAttempts: number;
  readonly maximumEventAgeSeconds: number;
}

export const DEFAULT_ASYNC: AsyncSettings = { maximumRetryAttempts: 2, maximumEventAgeSeconds: 6 * 3600 };
