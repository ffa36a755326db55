import assert from "node:assert/strict";
import type { StreamView } from "../../../cli/local/connection-api";
import type { Running } from "../../../cli/local/run-local";
import { untilStopped } from "../../../cli/local/scenarios";

/** The problems of a run that is stopped while its stream looks like this. */
async function problemsWith(stream: Partial<StreamView> & { readonly bytes: number }) {
  const view = { streamId: "a", status: "open", attempt: 0, ...stream, counters: { bytes: stream.bytes } };
  const running = {
    stop: AbortSignal.abort(),
    streams: async () => [view],
    totals: () => ({ failuresStored: 0, failedDeliveries: 0 }),
  };
  return (await untilStopped.run(running as unknown as Running)).problems;
}

describe("a local run until it is stopped", () => {
  it("reports a stream whose source never sent a byte in two hops", async () => {
    assert.deepEqual(await problemsWith({ bytes: 0, handover: { count: 2 } }), [
      "Stream a receives no events: its source sent nothing (open)",
    ]);
  });

  it("reports a silent stream with its last error", async () => {
    const lastError = {
      code: "SOURCE_IDLE",
      message: "The source sent no response head in 5000 ms.",
      at: "2026-01-01T00:00:00Z",
    };
    assert.deepEqual(await problemsWith({ bytes: 0, lastError }), [
      "Stream a receives no events: The source sent no response head in 5000 ms.",
    ]);
  });

  it("reports neither a stream that received bytes nor one that has just started", async () => {
    assert.deepEqual(await problemsWith({ bytes: 9, handover: { count: 5 } }), []);
    assert.deepEqual(await problemsWith({ bytes: 0 }), []);
  });
});
