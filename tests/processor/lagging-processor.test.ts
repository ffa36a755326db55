import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { eachBatch, eachEvent, type Processor } from "pulumi-stream-ingestion/processor";
import { fakeClock } from "../fakes/fake-clock";
import { fakePorts, record, run } from "./builders";

const EVENTS = 100;
const WAIT_MS = 5;

/** Events that a handler which waits handles in a second, one batch of a shard after another. */
async function rate(processorOf: (wait: () => Promise<void>) => Processor, streams = 1): Promise<number> {
  const clock = fakeClock({ autoMs: WAIT_MS });
  const processor = processorOf(() => clock.sleep(WAIT_MS));
  const records = Array.from({ length: EVENTS }, (_, n) => record(n, { streamId: `s${n % streams}` }));
  const startedAt = clock.now();
  await run(processor, records, fakePorts({ clock }));
  return (EVENTS * 1_000) / (clock.now() - startedAt);
}

/** docs/operating.md, "A processor that lags", for a request of 5 ms. */
describe("a processor that lags", () => {
  it("handles 1,000 / 5 events a second with a request for each, as the guide says", async () => {
    const perSecond = await rate((wait) => eachEvent(wait));
    assert.equal(perSecond, 1_000 / WAIT_MS);
    const guide = readFileSync(resolve(__dirname, "../../docs/operating.md"), "utf8").replaceAll("\n", " ");
    assert.ok(
      guide.includes(`A handler that waits ${WAIT_MS} ms per event therefore handles fewer than ${perSecond} events`),
    );
  });

  it("is as many times faster as a batch has events, with one request for each batch", async () => {
    assert.equal(await rate((wait) => eachBatch(wait)), (EVENTS * 1_000) / WAIT_MS);
  });

  it("is 50 times faster with `concurrency: 50`, for 50 streams in order", async () => {
    const processor = (wait: () => Promise<void>) => eachEvent(wait, { concurrency: 50 });
    assert.equal(await rate(processor, 50), (50 * 1_000) / WAIT_MS);
    assert.equal(await rate(processor, 1), 1_000 / WAIT_MS, "one stream has an order");
  });

  it("is 50 times faster with `concurrency: 50` for one stream without its order", async () => {
    const processor = (wait: () => Promise<void>) => eachEvent(wait, { concurrency: 50, ordered: false });
    assert.equal(await rate(processor, 1), (50 * 1_000) / WAIT_MS);
  });
});
