import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { poll } from "../../../cli/console/poll";

const NEVER_MS = 3_600_000;

describe("a feed that reads regularly", () => {
  it("shows a failed read as a notice, removes it after the next one, and waits no longer than it is woken", async () => {
    const stop = new AbortController();
    const notices: (string | undefined)[] = [];
    let wake = new AbortController();
    let reads = 0;
    const ended = poll(
      async () => {
        reads += 1;
        if (reads === 1) throw new Error("It is away.");
      },
      {
        ms: NEVER_MS,
        signal: stop.signal,
        wake: () => wake.signal,
        what: "the page",
        state: { notice: (_, text) => void notices.push(text) },
      },
    );
    await turn();
    assert.deepEqual(notices, ["cannot be read: It is away."]);
    wake.abort();
    wake = new AbortController();
    while (notices.length < 2) await turn();
    assert.deepEqual(notices.slice(1), [undefined]);
    stop.abort();
    await ended;
    assert.equal(reads, 2);
  });

  it("removes its notice when it ends, also when a read fails after that", async () => {
    const stop = new AbortController();
    const notices: (string | undefined)[] = [];
    let fail = (_: Error) => {};
    let reads = 0;
    const ended = poll(
      async () => {
        if (++reads === 1) throw new Error("It is away.");
        await new Promise<void>((_, reject) => {
          fail = reject;
        });
      },
      { ms: 0, signal: stop.signal, what: "the page", state: { notice: (_, text) => void notices.push(text) } },
    );
    while (reads < 2) await turn();
    stop.abort();
    fail(new Error("It was closed."));
    await ended;
    assert.deepEqual(notices, ["cannot be read: It is away.", undefined]);
  });

  it("reads nothing while nobody watches, and soon after a page opened", async () => {
    const stop = new AbortController();
    let isWatched = false;
    const read = new Promise<void>((resolve) => {
      const options = { ms: NEVER_MS, signal: stop.signal, isNeeded: () => isWatched, what: "the page" };
      void poll(
        async () => {
          assert.ok(isWatched);
          resolve();
        },
        { ...options, state: { notice: () => {} } },
      );
    });
    await turn();
    isWatched = true;
    await read;
    stop.abort();
  });
});
