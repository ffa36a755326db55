import type { StreamView } from "./connection-api";
import type { IngestionStack } from "./ingestion-stack";
import { labelOf } from "./live-view";

/** A stream that is declared at the start and does not run by then counts as a failure. */
const DECLARED_START_MS = 5_000;

/**
 * Call it at the start of a run. The function that it returns lists the streams, as `instance/stream`, that no hop ever owned.
 * Streams that an edit declared are not among them: the watchdog starts those, up to a minute later.
 */
export function declaredStreams({ instances }: Pick<IngestionStack, "instances">) {
  const atStart = labelsOf(instances);
  return function neverRan(
    now: Pick<IngestionStack, "instances">,
    streams: readonly Pick<StreamView, "instance" | "streamId" | "generation">[],
    ranMs: number,
  ): string[] {
    if (ranMs < DECLARED_START_MS) return [];
    const declared = labelsOf(now.instances);
    const ran = new Set(streams.filter(({ generation }) => generation > 0).map(labelOf));
    return atStart.filter((label) => declared.includes(label) && !ran.has(label));
  };
}

function labelsOf(instances: IngestionStack["instances"]): string[] {
  return instances.flatMap(({ name, declaredStreams }) =>
    declaredStreams.map((streamId) => labelOf({ instance: name, streamId })),
  );
}
