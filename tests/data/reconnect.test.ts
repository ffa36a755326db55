import assert from "node:assert/strict";
import { nextReconnect } from "../../runtime/data/reconnect";
import { classifyStatus } from "../../runtime/data/source/outcome";
import { retryAfterMs } from "../../runtime/data/source/retry-after";

const most = () => 0.999999;
const delays = (failure: Parameters<typeof nextReconnect>[1], count: number) =>
  Array.from({ length: count }, (_, attempt) => Math.round(nextReconnect({ attempt }, failure, most).delayMs));

describe("reconnect policy", () => {
  it("reconnects at once the first time, then after 250 ms to 16 s of network errors", () => {
    assert.deepEqual(
      delays({ kind: "network" }, 10),
      [0, 250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 16_000, 16_000],
    );
  });

  it("waits from 5 s to 320 s after HTTP errors", () => {
    assert.deepEqual(
      delays({ kind: "http", status: 503 }, 8),
      [5, 10, 20, 40, 80, 160, 320, 320].map((s) => s * 1_000),
    );
  });

  it("waits at least a minute after 429 and 420, or the time in Retry-After", () => {
    for (const status of [420, 429]) {
      const { delayMs } = nextReconnect({ attempt: 0 }, { kind: "http", status }, () => 0);
      assert.equal(delayMs, 60_000);
      assert.equal(nextReconnect({ attempt: 5 }, { kind: "http", status, retryAfterMs: 7_000 }, most).delayMs, 7_000);
    }
  });

  it("asks again after 1, 2, 5 and 10 s when a rate limit follows our own close, then waits a minute", () => {
    let closedMs = 20;
    const waits = [1, 2, 3, 4, 5].map(() => {
      const { delayMs, attempt } = nextReconnect({ attempt: 0 }, { kind: "http", status: 429, closedMs }, () => 0);
      closedMs += delayMs;
      return [delayMs, attempt];
    });
    assert.deepEqual(waits, [
      [980, 0],
      [2_000, 0],
      [5_000, 0],
      [10_000, 0],
      [60_000, 1],
    ]);
  });

  it("waits for the time in Retry-After, and a minute after a close that is long past or was not ours", () => {
    const delayOf = (failure: object) =>
      nextReconnect({ attempt: 0 }, { kind: "http", status: 429, ...failure }, () => 0).delayMs;
    assert.equal(delayOf({ closedMs: 20, retryAfterMs: 7_000 }), 7_000);
    assert.equal(delayOf({ closedMs: 18_000 }), 60_000);
    assert.equal(delayOf({}), 60_000);
    assert.equal(nextReconnect({ attempt: 0 }, { kind: "http", status: 503, closedMs: 20 }, () => 0.5).delayMs, 2_500);
  });

  it("applies the cap before the jitter: half of the cap when random returns 0.5", () => {
    assert.equal(nextReconnect({ attempt: 50 }, { kind: "network" }, () => 0.5).delayMs, 8_000);
  });

  it("uses retry as a lower bound, between a floor and a ceiling", () => {
    const delayAfter = (serverRetryMs: number) =>
      nextReconnect({ attempt: 0, serverRetryMs }, { kind: "network" }, most).delayMs;
    assert.deepEqual([delayAfter(0), delayAfter(3_000), delayAfter(10 ** 15)], [250, 3_000, 320_000]);
  });

  it("does not count the end of a page as a failure", () => {
    assert.deepEqual(nextReconnect({ attempt: 0, serverRetryMs: 10 }, { kind: "end", page: true }, most), {
      delayMs: 250,
      attempt: 0,
    });
    assert.equal(nextReconnect({ attempt: 3 }, { kind: "end", page: false }, most).attempt, 4);
  });

  it("reconnects within a second after new events, whatever the attempts before, and applies retry", () => {
    const delivered = (openMs: number, serverRetryMs?: number) =>
      nextReconnect({ attempt: 7, serverRetryMs }, { kind: "delivered", openMs }, most);
    assert.deepEqual(delivered(0), { delayMs: 1_000, attempt: 0 });
    assert.deepEqual(delivered(20_000), { delayMs: 0, attempt: 0 });
    assert.deepEqual(delivered(20_000, 3_000), { delayMs: 3_000, attempt: 0 });
  });

  it("classifies each status", () => {
    const meanings = [200, 204, 205, 210, 299, 400, 401, 403, 404, 408, 410, 429, 500, 503].map(classifyStatus);
    assert.deepEqual(meanings, [
      ...["stream", "completed", "permanent", "permanent", "permanent", "retry", "permanent", "permanent", "permanent"],
      ...["retry", "permanent", "retry", "retry", "retry"],
    ]);
  });

  it("reads Retry-After as seconds and as a date, and nothing else", () => {
    const now = Date.parse("Wed, 21 Oct 2026 07:28:00 GMT");
    assert.equal(retryAfterMs("120", now), 120_000);
    assert.equal(retryAfterMs("Wed, 21 Oct 2026 07:29:00 GMT", now), 60_000);
    assert.equal(retryAfterMs("Wed, 21 Oct 2020 07:29:00 GMT", now), 0);
    assert.equal(retryAfterMs("soon", now), undefined);
    assert.equal(retryAfterMs(undefined, now), undefined);
  });
});
