import assert from "node:assert/strict";
import { type ChaosStack, startChaosStack } from "./chaos-stack";
import { compareStream, problemOf } from "./compare-stream";

/** `FLEET=40 npx mocha tests/chaos/shared-hops.long.test.ts` starts as many processes at once: for a machine with nothing else to do. */
const COUNT = Number(process.env.FLEET ?? 8);
const PER_HOP = COUNT / 2;
const STREAMS = Array.from({ length: COUNT }, (_, i) => `stream-${i + 1}`);

describe(`${COUNT} streams started one by one, with ${PER_HOP} per hop`, function () {
  this.timeout(600_000);
  let chaos: ChaosStack;
  before(async () => {
    const args = `relay: { streamsPerHop: ${PER_HOP} },`;
    chaos = await startChaosStack({ eventsPerSecond: 2, turnMs: 250, hopSeconds: 60, args });
  });
  after(() => chaos?.close());

  const hops = () => new Set(STREAMS.flatMap((id) => chaos.hops(id).map(({ requestId }) => requestId)));
  const every = (is: (id: string) => boolean) => () => STREAMS.every(is);
  const handovers = (id: string) => chaos.lines(id).filter(({ event }) => event === "handover").length;

  it("share at most 3 hops, hand over, stop, and lose no event nor process one twice", async function () {
    for (const id of STREAMS) await chaos.api.start(id);
    const started = Date.now();
    const isCarried = every((id) => chaos.hops(id).length === 1);
    await chaos.until("at most 3 hops", () => hops().size <= 3 && isCarried());
    const seconds = (Date.now() - started) / 1_000;
    await chaos.until(
      "a planned handover of each stream",
      every((id) => handovers(id) >= 2),
    );
    await chaos.until("at most 6 hops, each perhaps with its predecessor", () => hops().size <= 6);

    for (const id of STREAMS) chaos.feeds.feed(id).stopSending();
    const isProcessed = (id: string) => chaos.processed(id).size >= chaos.feeds.feed(id).sent.length;
    await chaos.until("all events to be processed", every(isProcessed));
    const stored = await chaos.stored();
    for (const id of STREAMS) {
      const comparison = compareStream(chaos, id, stored);
      assert.ok(comparison.sent > 0, id);
      assert.equal(problemOf(comparison), undefined, id);
    }
    for (const id of STREAMS) await chaos.api.stop(id);
    await chaos.until(
      "every connection to close",
      every((id) => chaos.feeds.feed(id).open === 0),
    );
    this.test!.title += ` (3 hops after ${seconds.toFixed(0)} s)`;
  });
});
