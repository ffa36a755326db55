/** The effect of a fault. */
export type FaultEffect =
  /** 400 ThrottlingException, or DynamoDB's ProvisionedThroughputExceededException. SDKs retry both. */
  | { readonly kind: "throttle" }
  | { readonly kind: "error"; readonly code?: string; readonly status?: number }
  | { readonly kind: "delay"; readonly ms: number }
  /** The call is executed, then the connection is closed without a response. */
  | { readonly kind: "drop-response" }
  /** The connection is closed at once; the call is not executed. */
  | { readonly kind: "unavailable" }
  /** Deliveries only: accepted but never delivered. */
  | { readonly kind: "lose" }
  /** Deliveries only: delivered twice, although the first delivery succeeded. */
  | { readonly kind: "repeat" };

/**
 * Selects calls. A missing field matches all calls; `*` matches any text. Two deliveries inside Lambda count as calls too:
 * `lambda:DeliverEvent` (an asynchronous invocation; its caller is the invoker) and `lambda:DeliverBatch` (a batch of an
 * event source mapping). Their resource is the function's ARN.
 */
export interface FaultMatch {
  readonly action?: string;
  readonly caller?: string;
  readonly resource?: string;
  /** Texts that the request's body or the delivered payload must all contain. */
  readonly bodyIncludes?: readonly string[];
}

/** The fields of a call that faults match. */
export type FaultedCall = Required<Omit<FaultMatch, "bodyIncludes">> & { readonly body?: string };

export interface Fault {
  readonly match: FaultMatch;
  readonly effect: FaultEffect;
  /** Number of calls that it hits. @default all */
  readonly times?: number;
  /** Share of the matching calls that it hits, 0..1. @default 1 */
  readonly probability?: number;
  /** Epoch milliseconds at which it ends. */
  readonly until?: number;
}

export interface Faults {
  /** Returns a function that removes the fault and returns the number of calls that it hit. */
  add(fault: Fault): () => number;
  clear(): void;
  /** The effect of the first fault that matches this call. Counts towards its `times`. */
  take(call: FaultedCall): FaultEffect | undefined;
}

export function createFaults(now: () => number, random: () => number = Math.random): Faults {
  const faults = new Set<{ fault: Fault; left: number; hits: number }>();
  return {
    add(fault) {
      const entry = { fault, left: fault.times ?? Number.POSITIVE_INFINITY, hits: 0 };
      faults.add(entry);
      return () => {
        faults.delete(entry);
        return entry.hits;
      };
    },
    clear: () => faults.clear(),
    take(call) {
      for (const entry of faults) {
        const { match, effect, probability = 1, until = Number.POSITIVE_INFINITY } = entry.fault;
        if (now() >= until) faults.delete(entry);
        else if (matches(match, call) && (probability >= 1 || random() < probability)) {
          entry.left -= 1;
          entry.hits += 1;
          if (entry.left <= 0) faults.delete(entry);
          return effect;
        }
      }
      return undefined;
    },
  };
}

function matches(match: FaultMatch, call: FaultedCall): boolean {
  if (!(match.bodyIncludes ?? []).every((text) => call.body?.includes(text))) return false;
  return (["action", "caller", "resource"] as const).every((part) => {
    const pattern = match[part];
    if (pattern === undefined) return true;
    const pieces = pattern.split("*").map((piece) => piece.replace(/[.+^${}()|[\]\\?]/g, "\\$&"));
    return new RegExp(`^${pieces.join(".*")}$`, "s").test(call[part]);
  });
}
