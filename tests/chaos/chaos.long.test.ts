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

/** Faults at the seam of two hops, where the one must know what the other stored. */
const SEAM_FAULTS = ["hop-killed", "hop-stopped-past-lease", "predecessor-killed-in-overlap", "response-lost-acquire"];

describe("chaos on the local stack, with packs", function () {
  this.timeout(900_000);
  let chaos: ChaosStack;
  before(async () => {
    chaos = await startChaosStack({ eventsPerSecond: 20, hopSeconds: 5, args: 'events: { storage: "packed" },' });
  });
  after(() => chaos?.close());

  it(`loses no event and stores none twice at the seams of hops, with seed ${SEED}`, async () => {
    const found: Episode[] = [];
    const faults = faultsOf("sse").filter(({ name }) => SEAM_FAULTS.includes(name));
    const episodes = faults.length;
    await runChaos(chaos, { seed: SEED, faults, lanes: 4, endsAt: Number.POSITIVE_INFINITY, episodes }, (episode) =>
      found.push(episode),
    );
    assert.deepEqual(
      found.filter(({ problems }) => problems.length > 0),
      [],
    );
    assert.deepEqual(found.flatMap(({ faults }) => faults).sort(), SEAM_FAULTS);
    assert.ok(found.every(({ sent }) => sent > 0));
  });
});
