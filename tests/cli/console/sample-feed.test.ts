import assert from "node:assert/strict";
import { pageHtml } from "../../../cli/console/page-html";
import { sampleFeed } from "./sample-feed";

describe("the sample feed", () => {
  it("sends updates whose streams and open hops belong to the snapshot", () => {
    const feed = sampleFeed({ streams: 20, eventsPerSecond: 100 });
    const ids = new Set(feed.snapshot().streams.map(({ id }) => id));
    const updates = Array.from({ length: 80 }, () => feed.next(250));
    for (const { streams = [], hops = [], events = [] } of updates)
      for (const id of [...streams.map((one) => one.id), ...[...hops, ...events].map(({ stream }) => stream)])
        assert.ok(ids.has(id), id);
    assert.ok(updates.some(({ hops = [] }) => hops.some(({ mode }) => mode === "overlap")));
    assert.equal(updates.filter(({ sample }) => sample !== undefined).length, 4);
  });

  it("counts so that the equation holds", () => {
    const feed = sampleFeed();
    for (let i = 0; i < 20; i++) feed.next(250);
    const { streams } = feed.snapshot();
    for (const { counters } of streams)
      assert.equal(counters.received, counters.stored + counters.ignored + counters.unaccounted);
    assert.ok(streams.some(({ counters }) => counters.received > 0));
  });
});

describe("the console's page", () => {
  it("keeps an end tag in the script from ending the script", () => {
    const { html } = pageHtml({ script: 'text = "</script><b>"', style: "" });
    assert.ok(html.includes('text = "<\\/script><b>"'));
  });
});
