import assert from "node:assert/strict";
import { type ChaosStack, startChaosStack } from "./chaos-stack";
import type { Episode } from "./episode";
import { FAULTS } from "./fault-catalogue";
import { runChaos } from "./run-chaos";

/** A short run of `npm run test:chaos`, which runs the whole catalogue. */
const SEED = 7;
const EPISODES = 9;

describe("chaos on the local stack", function () {
  this.timeout(900_000);
  let chaos: ChaosStack;
  before(async () => {
    chaos = await startChaosStack({ eventsPerSecond: 20, hopSeconds: 15 });
  });
  after(() => chaos?.close());

  it(`loses no event, processes none twice and recovers, with seed ${SEED}`, async () => {
    const episodes: Episode[] = [];
    const plan = { seed: SEED, faults: FAULTS, lanes: 4, endsAt: Number.POSITIVE_INFINITY, episodes: EPISODES };
    await runChaos(chaos, plan, (episode) => episodes.push(episode));
    assert.deepEqual(
      episodes.filter(({ problems }) => problems.length > 0),
      [],
    );
    assert.equal(episodes.length, EPISODES);
    assert.ok(episodes.every(({ sent }) => sent > 0));
  });
});
