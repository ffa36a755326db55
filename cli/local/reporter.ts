import type { Counters, StoredEvent } from "pulumi-stream-ingestion/internal";
import type { StreamView } from "./connection-api";
import type { IngestionStack } from "./ingestion-stack";
import type { StackEvent } from "./stack-event";
import type { RunTotals } from "./totals";

/** Prints a run: one implementation for people, one for programs. */
export interface Reporter {
  /** What the start does now. A terminal shows the last step with its detail and the seconds that it takes. */
  step(text: string, detail?: string): void;
  /** @param consoleLink the console's page, with the token of this run */
  ready(stack: IngestionStack, consoleLink: string): void;
  /** An edit is being applied. Its problems are shown, also if an earlier edit had them. */
  updating(): void;
  /** An edit was applied, and new code serves. */
  updated(resources: readonly string[], seconds: number): void;
  /** A message for the user, such as a skipped resource type or a line that the program printed. */
  note(text: string): void;
  event(event: StackEvent): void;
  /** One of the stored events, to show what they look like. */
  sample(event: StoredEvent): void;
  progress(streams: readonly StreamView[], totals: RunTotals): void;
  summary(summary: Summary): void;
  /** Ends what still changes on a terminal. */
  close(): void;
}

/** The result of a run. */
export interface Summary {
  readonly seconds: number;
  readonly totals: RunTotals;
  readonly streams: readonly StreamView[];
  /** What the streams counted in this run. `received` is the sum of the counters from `stored` to `inFlight`. */
  readonly counters: Counters;
  /** Present when the upstream records what it sent. */
  readonly compared?: {
    readonly sent: number;
    readonly lost: number;
    readonly processedTwice: number;
    readonly unprocessed: number;
    readonly unexpected: number;
  };
  /** Stored events that the processor had not handled when the run ended. They do not make it fail. */
  readonly unprocessed: number;
  /** Why the run failed; empty when it succeeded. */
  readonly problems: readonly string[];
}
