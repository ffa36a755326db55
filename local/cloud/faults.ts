/** What goes wrong. */
export type FaultEffect =
  /** 400 ThrottlingException (what the SDK retries); DynamoDB's own name for it where DynamoDB is asked. */
  | { readonly kind: "throttle" }
  | { readonly kind: "error"; readonly code?: string; readonly status?: number }
  | { readonly kind: "delay"; readonly ms: number }
  /** The call is carried out, then the connection is cut: its answer is lost. */
  | { readonly kind: "drop-answer" }
  /** The connection is cut at once: nothing is carried out. */
  | { readonly kind: "unavailable" }
  /** Deliveries only: accepted, and never delivered. */
  | { readonly kind: "lose" }
  /** Deliveries only: delivered twice, although the first went well. */
  | { readonly kind: "repeat" };

/**
 * Which calls: a missing part matches all of them, `*` stands for any text. In addition to AWS calls there are two deliveries,
 * which Lambda makes itself: `lambda:DeliverEvent` (an async invocation reaches its function; caller = who invoked) and
 * `lambda:DeliverBatch` (a mapping hands over a batch). Their resource is the function's ARN.
 */
export interface FaultMatch {
  readonly action?: string;
  readonly caller?: string;
  readonly resource?: string;
  /** Texts that the request's body, or the delivered payload, all hold: one stream's calls, one kind of write. */
  readonly holds?: readonly string[];
}

/** A call as faults see it. */
export type FaultedCall = Required<Omit<FaultMatch, "holds">> & { readonly body?: string };

export interface Fault {
  readonly match: FaultMatch;
  readonly effect: FaultEffect;
  /** How many calls it hits; absent = all. */
  readonly times?: number;
  /** Share of matching calls it hits, 0..1; absent = all. */
  readonly probability?: number;
  /** Epoch milliseconds at which it ends by itself. */
  readonly until?: number;
}

export interface Faults {
  /** Returns its remover, which returns how many calls were hit. */
  add(fault: Fault): () => number;
  clear(): void;
  /** The effect of the first fault that hits this call; counts against its `times`. */
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
  if (!(match.holds ?? []).every((text) => call.body?.includes(text))) return false;
  return (["action", "caller", "resource"] as const).every((part) => {
    const pattern = match[part];
    if (pattern === undefined) return true;
    const pieces = pattern.split("*").map((piece) => piece.replace(/[.+^${}()|[\]\\?]/g, "\\$&"));
    return new RegExp(`^${pieces.join(".*")}$`, "s").test(call[part]);
  });
}
