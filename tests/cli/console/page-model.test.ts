import assert from "node:assert/strict";
import { applyMessage, type Model } from "../../../cli/console/page/model";
import type { Snapshot, Update } from "../../../cli/console/protocol";
import { sampleFeed } from "./sample-feed";

const NOW = 1_000;

function modelOf(change: Partial<Snapshot> = {}): Model {
  return applyMessage(undefined, { ...sampleFeed({ streams: 4 }).snapshot(), ...change }, NOW)!;
}

describe("the model of the console's page", () => {
  it("ignores an update before the first snapshot", () => {
    assert.equal(applyMessage(undefined, { type: "update", at: NOW }, NOW), undefined);
  });

  it("follows the clock of the server", () => {
    const { at } = sampleFeed().snapshot();
    assert.equal(modelOf().skewMs, at - NOW);
    assert.equal(applyMessage(modelOf(), { type: "update", at: NOW + 5 }, NOW)!.skewMs, 5);
  });

  it("forgets with a snapshot what it does not contain", () => {
    const model = modelOf();
    const [gone] = model.streams.keys();
    const snapshot = sampleFeed({ streams: 4 }).snapshot();
    const next = applyMessage(
      model,
      { ...snapshot, streams: snapshot.streams.filter(({ id }) => id !== gone), failures: [] },
      NOW,
    )!;
    assert.ok(!next.streams.has(gone!));
    assert.equal(next.failures.size, 0);
    assert.ok(next.version > model.version);
  });

  it("drops the oldest events over the limit, and keeps the place of a replaced one", () => {
    const feed = sampleFeed({ streams: 4, eventsPerSecond: 40 });
    const snapshot = feed.snapshot();
    const model = modelOf({ limits: { ...snapshot.limits, events: 5 } });
    const { events = [] } = feed.next(250);
    applyMessage(model, { type: "update", at: NOW, events }, NOW);
    const ids = events.slice(-5).map(({ id }) => id);
    assert.deepEqual([...model.events.keys()], ids);
    const changed = { ...events.at(-4)!, type: "changed" };
    applyMessage(model, { type: "update", at: NOW, events: [changed] }, NOW);
    assert.deepEqual([...model.events.keys()], ids);
    assert.equal(model.events.get(changed.id)?.type, "changed");
  });

  it("removes streams, failures and notices by their ids", () => {
    const model = modelOf({ notices: [{ id: "a", level: "warn", text: "denied" }] });
    const [stream] = model.streams.keys();
    const [failure] = model.failures.keys();
    const removed = { streams: [stream!], failures: [failure!], notices: ["a"] };
    applyMessage(model, { type: "update", at: NOW, removed }, NOW);
    assert.deepEqual(
      [model.streams.has(stream!), model.sparks.has(stream!), model.failures.has(failure!), model.notices.size],
      [false, false, false, 0],
    );
  });

  it("adds a sample to every stream, zero where the update has none, and keeps the latest ones", () => {
    const model = modelOf({ sparks: {}, limits: { ...sampleFeed().snapshot().limits, spark: 2 } });
    const [first, second] = model.streams.keys();
    const sampled = (value: number): Update => {
      const sample = { inPerSecond: value, storedPerSecond: value };
      return { type: "update", at: NOW, sample: { at: value, total: sample, streams: { [first!]: sample } } };
    };
    for (const value of [1, 2, 3]) applyMessage(model, sampled(value), NOW);
    assert.deepEqual(model.sparks.get(first!), [2, 3]);
    assert.deepEqual(model.sparks.get(second!), [0, 0]);
  });
});
