import assert from "node:assert/strict";
import { compare } from "../../cli/local/sample/compare";
import { unaccounted } from "../../runtime/contract";
import { type ChaosOptions, type ChaosStack, startChaosStack } from "../chaos/chaos-stack";

const HANDOVERS = 5;
/** Longer than any handover on a busy machine: it only ends a test that hangs. */
const HANDOVER_MS = 100_000;
/** Changes of `events.storage`, and whether an item is a pack then. */
const MODES = [
  ["packed", true],
  ["each", false],
  ["packed", true],
  ["each", false],
] as const;

/** Whole deployments that store packs, with hops of some seconds: what is sent is compared with what is stored, event by event. */
describe("a deployment that stores packs", function () {
  this.timeout(600_000);
  let chaos: ChaosStack;
  afterEach(() => chaos?.close());

  const args = 'events: { storage: "packed", lingerMs: 100 },';
  const start = async (options: Partial<ChaosOptions> = {}) => {
    chaos = await startChaosStack({ eventsPerSecond: 50, hopSeconds: 10, args, ...options });
    await chaos.api.start("s");
    await handovers(1);
  };
  const acquired = () => chaos.lines("s").filter(({ event }) => event === "lease-acquired").length;
  const handovers = (count: number) =>
    chaos.until(`${count} more handovers`, atLeast(acquired() + count), count * HANDOVER_MS);
  const atLeast = (count: number) => () => acquired() >= count;

  /** Sort key of the newest item, by the order of its insertion. */
  const lastItem = () => [...chaos.inserted("s").keys()].at(-1)!;

  /** Stops the stream, and compares. */
  const stopAndCompare = async () => {
    chaos.feeds.feed("s").stopSending();
    await chaos.until("the last event", () => chaos.feeds.feed("s").open === 1 && chaos.hops("s").length === 1);
    await chaos.api.stop("s");
    await chaos.until("the stop", () => chaos.hops("s").length === 0);
    await chaos.stack.drain(120_000);
    const stored = (await chaos.stored()).map(({ streamId, data }) => ({ streamId, data: String(data) }));
    const sent = chaos.feeds.feed("s").sent.map((data) => ({ streamId: "s", data }));
    const items = new Set((await chaos.stored()).map(({ item }) => item));
    const processed = [...chaos.processed("s").keys()].filter((item) => items.has(item));
    return { ...compare(sent, stored, stored), items: items.size, processedItems: processed.length };
  };

  it("loses and doubles nothing over planned handovers, and processes every pack", async () => {
    await start();
    await handovers(HANDOVERS);
    const { lost, unexpected, items, processedItems, stored } = await stopAndCompare();
    assert.deepEqual([lost, unexpected], [[], []]);
    assert.equal(processedItems, items);
    assert.ok(stored > 10 * items * 0.1 && items < stored, `${stored} events in ${items} items`);
  });

  it("loses and doubles nothing over planned handovers of a source without ids, where a connection begins with the next event", async () => {
    // A lease that expires on a busy machine would lose events.
    await start({ hopSeconds: 20, begin: "next", text: (_, _n, text) => text.replace(/^id: .*\n/m, "") });
    const first = chaos.feeds.feed("s").sent.length;
    await handovers(HANDOVERS);
    const { lost, unexpected } = await stopAndCompare();
    // The first connection began after the feed.
    assert.deepEqual([lost.filter((_, n) => n >= first), unexpected], [[], []]);
  });

  it("loses and doubles nothing when a live stream changes from single events to packs and back, with updates of the deployment", async () => {
    await start({ args: "" });
    for (const [storage, isPacked] of MODES) {
      await chaos.update(`events: { storage: "${storage}" },`);
      await chaos.until(`${storage} in use`, () => lastItem().startsWith("p#") === isPacked);
      await handovers(1);
    }
    const { lost, unexpected, items, processedItems, stored } = await stopAndCompare();
    assert.deepEqual([lost, unexpected], [[], []]);
    assert.equal(processedItems, items);
    assert.ok(items < stored, `${stored} events in ${items} items`);
    const lines = (name: string) => chaos.lines("s").filter(({ event }) => event === name);
    const left = new Set(lines("stream-left").map(({ requestId }) => requestId));
    assert.deepEqual(
      lines("lease-acquired").filter(({ requestId }) => !left.has(requestId)),
      [],
      "an update ends no hop before its handover",
    );
    const { counters } = (await chaos.api.list()).find(({ streamId }) => streamId === "s")!;
    assert.equal(unaccounted(counters!), 0, JSON.stringify(counters));
  });

  it("loses and doubles nothing when a hop is killed, since the next one resumes and reads back what was stored", async () => {
    await start();
    for (let kills = 0; kills < 2; kills++) {
      const before = acquired();
      const [hop] = chaos.hops("s");
      process.kill(hop!.pid, "SIGKILL");
      await chaos.until("the next owner", atLeast(before + 1));
      await handovers(1);
    }
    const { lost, unexpected } = await stopAndCompare();
    assert.deepEqual([lost, unexpected], [[], []]);
  });
});
