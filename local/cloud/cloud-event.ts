/** An event of the local cloud, for progress, summaries and tests. */
export type CloudEvent =
  /** The change stream of a table wrote a record. */
  | {
      readonly kind: "record";
      readonly at: number;
      readonly table: string;
      readonly eventName: "INSERT" | "MODIFY" | "REMOVE";
      readonly keys: Readonly<Record<string, string>>;
      /** Invocation that wrote the item. Absent: not a function. */
      readonly requestId?: string;
      /** The item after the change. Absent: it was deleted. */
      readonly image?: Readonly<Record<string, object>>;
    }
  /** An event source mapping delivered a batch to its function. */
  | {
      readonly kind: "delivered";
      readonly at: number;
      readonly functionName: string;
      readonly requestId: string;
      readonly records: readonly DeliveredRecord[];
      /** Records reported as failed, by index; all of them when the invocation failed. */
      readonly failed: readonly number[];
    }
  /** An event source mapping gave up on records. */
  | {
      readonly kind: "discarded";
      readonly at: number;
      readonly functionName: string;
      readonly records: readonly DeliveredRecord[];
      /** Whether they are in the failure destination. Otherwise they are lost. */
      readonly kept: boolean;
    }
  /** A line that a function wrote. */
  | {
      readonly kind: "log";
      readonly at: number;
      readonly functionName: string;
      readonly requestId?: string;
      readonly line: string;
    }
  /** A process of a function loaded its code, or failed to. */
  | {
      readonly kind: "init";
      readonly at: number;
      readonly functionName: string;
      readonly pid: number;
      readonly error?: FunctionError;
    }
  | {
      readonly kind: "invocation";
      readonly at: number;
      readonly functionName: string;
      readonly requestId: string;
      readonly pid?: number;
      readonly phase: "start" | "end" | "error" | "timeout" | "killed" | "loop-stopped";
    }
  /** An AWS call, after policy check and faults. */
  | {
      readonly kind: "call";
      readonly at: number;
      /** Function name of the caller, or "operator". */
      readonly caller: string;
      /** `dynamodb:UpdateItem` */
      readonly action: string;
      readonly resource: string;
      readonly allowed: boolean;
      readonly status: number;
      /** Invocation of the caller. */
      readonly requestId?: string;
    };

export interface DeliveredRecord {
  readonly eventName: string;
  readonly keys: Readonly<Record<string, string>>;
}

/** An error of a function, as in the result of an invocation. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}
