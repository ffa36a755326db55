import type { StreamCounters } from "../protocol";

export interface Term {
  readonly name: keyof StreamCounters;
  readonly label: string;
  readonly explanation: string;
}

/** What can become of a received event. */
export const TERMS: readonly Term[] = [
  { name: "stored", label: "stored", explanation: "Written to the table." },
  { name: "ignored", label: "ignored", explanation: "Matched a rule of events.ignore." },
  { name: "suppressed", label: "suppressed", explanation: "Read again by another connection, and already stored." },
  { name: "repeated", label: "repeated", explanation: "The same event again on one connection." },
  { name: "conflicting", label: "conflicting", explanation: "Other data under the key of an earlier event." },
  { name: "refused", label: "refused", explanation: "Could not be stored, for example because of its size." },
  { name: "abandoned", label: "abandoned", explanation: "Left by a hop at its deadline. The next hop reads it again." },
  { name: "unknown", label: "unknown", explanation: "In flight when a hop ended without an answer." },
  { name: "inFlight", label: "in flight", explanation: "Being written now." },
  { name: "unaccounted", label: "unaccounted", explanation: "Always 0. Another number is a defect." },
];

export interface Equation {
  readonly received: number;
  readonly terms: readonly (Term & { readonly value: number })[];
  /** 0: the equation holds. */
  readonly difference: number;
}

export function equationOf(counters: StreamCounters): Equation {
  const terms = TERMS.map((term) => ({ ...term, value: counters[term.name] }));
  const sum = terms.reduce((total, { value }) => total + value, 0);
  return { received: counters.received, terms, difference: counters.received - sum };
}
