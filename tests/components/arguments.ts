import { resolve } from "node:path";
import type { StreamIngestionArgs } from "../../components";

export const ENTRY = resolve(__dirname, "../../examples/log-events/processor.ts");

/** The required arguments, with changes. */
export function requiredArgs(changes: Partial<StreamIngestionArgs> = {}): StreamIngestionArgs {
  return {
    source: { url: "https://upstream.example", path: "/v1/{streamId}", key: "the-key" },
    processor: { entry: ENTRY },
    ...changes,
  };
}
