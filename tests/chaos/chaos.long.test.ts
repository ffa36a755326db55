import assert from "node:assert/strict";
import { type ChaosStack, startChaosStack } from "./chaos-stack";
import type { Episode } from "./episode";
import { faultsOf } from "./fault-catalogue";
import { WEBSOCKET_FAULTS } from "./faults/websocket";
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
    const plan = {
      seed: SEED,
      faults: faultsOf("sse"),
      lanes: 4,
      endsAt: Number.POSITIVE_INFINITY,
      episodes: EPISODES,
    };
    await runChaos(chaos, plan, (episode) => episodes.push(episode));
    assert.deepEqual(
      episodes.filter(({ problems }) => problems.length > 0),
      [],
    );
    assert.equal(episodes.length, EPISODES);
    assert.ok(episodes.every(({ sent }) => sent > 0));
  });
});

describe("chaos on the local stack, with a WebSocket as the source", function () {
  this.timeout(900_000);
  let chaos: ChaosStack;
  before(async () => {
    chaos = await startChaosStack({ transport: "websocket", eventsPerSecond: 20, hopSeconds: 15 });
  });
  after(() => chaos?.close());

  it(`loses no event and processes none twice through every fault of a WebSocket, with seed ${SEED}`, async () => {
    const found: Episode[] = [];
    const episodes = WEBSOCKET_FAULTS.length;
    const plan = { seed: SEED, faults: WEBSOCKET_FAULTS, lanes: 4, endsAt: Number.POSITIVE_INFINITY, episodes };
    await runChaos(chaos, plan, (episode) => found.push(episode));
    assert.deepEqual(
      found.filter(({ problems }) => problems.length > 0),
      [],
    );
    assert.deepEqual(found.flatMap(({ faults }) => faults).sort(), WEBSOCKET_FAULTS.map(({ name }) => name).sort());
    assert.ok(found.every(({ sent }) => sent > 0));
  });
});
