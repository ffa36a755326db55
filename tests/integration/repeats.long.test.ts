import assert from "node:assert/strict";
import { newEvents, unaccounted } from "../../runtime/contract";
import { sse, startUpstream, type Upstream } from "../fakes/upstream";
import { type Ingestion, startIngestion } from "./ingestion-fixture";

describe("repeats that the relay does not remember", () => {
  let upstream: Upstream;
  let ingestion: Ingestion;
  afterEach(async () => {
    await ingestion?.close();
    await upstream?.close();
  });

  it("are stored, never processed, and counted as overwritten: the same tick in three hops", async () => {
    upstream = await startUpstream(sse("data: up\n\n", "stay"));
    ingestion = await startIngestion({ url: upstream.url, hopSeconds: 60 });
    for (const stored of [1, 2, 3]) {
      // Without the checkpoint, so that the generations are not those of a handover.
      await ingestion.start("tick", stored === 1);
      await ingestion.until("tick", `${stored} stored events`, ({ counters }) => counters.stored === stored);
      await ingestion.stop("tick");
      await ingestion.until("tick", "its stop", ({ live }) => !live);
    }
    await ingestion.stack.drain(120_000);
    const { counters } = await ingestion.read("tick");
    const { received, stored, repeated, overwritten, overlapCopies } = counters;
    assert.deepEqual(
      { received, stored, repeated, overwritten, overlapCopies },
      { received: 3, stored: 3, repeated: 0, overwritten: 2, overlapCopies: 0 },
    );
    assert.deepEqual([newEvents(counters), unaccounted(counters)], [1, 0]);
  });
});
