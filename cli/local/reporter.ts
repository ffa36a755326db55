import type { StreamView } from "./connection-api";
import type { IngestionStack } from "./ingestion-stack";
import type { StackEvent } from "./stack-event";
import type { Tally } from "./tally";

/** Where a run shows itself. One for people, one for programs. */
export interface Reporter {
  ready(stack: IngestionStack): void;
  /** A sentence for the user: what is passed over, what the program printed. */
  note(sentence: string): void;
  event(event: StackEvent): void;
  progress(streams: readonly StreamView[], tally: Tally): void;
  summary(summary: Summary): void;
}

/** How a run ended. */
export interface Summary {
  readonly seconds: number;
  readonly tally: Tally;
  readonly streams: readonly StreamView[];
  /** Present when the upstream keeps account of what it sent. */
  readonly compared?: {
    readonly sent: number;
    readonly lost: number;
    readonly doubled: number;
    readonly unprocessed: number;
    readonly foreign: number;
  };
  /** Why the run counts as failed; empty = it did what it should. */
  readonly problems: readonly string[];
}
