/** An event of the local cloud, for progress, summaries and tests. */
export type CloudEvent =
  /** The change stream of a table wrote a record. */
  | {
      readonly kind: "record";
      readonly at: number;
      readonly table: string;
      readonly eventName: "INSERT" | "MODIFY" | "REMOVE";
      readonly keys: Readonly<Record<string, string>>;
    }
  /** An event source mapping delivered a batch to its function. */
  | {
      readonly kind: "delivered";
      readonly at: number;
      readonly functionName: string;
      readonly records: readonly { readonly eventName: string; readonly keys: Readonly<Record<string, string>> }[];
      /** Records reported as failed, by index; all of them when the invocation failed. */
      readonly failed: readonly number[];
    }
  /** A line that a function wrote. */
  | {
      readonly kind: "log";
      readonly at: number;
      readonly functionName: string;
      readonly requestId?: string;
      readonly line: string;
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
    };
