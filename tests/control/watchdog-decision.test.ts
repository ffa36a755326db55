import assert from "node:assert/strict";
import { type ConnectionRow, ZERO_COUNTERS } from "../../runtime/contract";
import { decide, isDown } from "../../runtime/control/watchdog/decision";

const NOW = 1_000_000;
const row = (over: Partial<ConnectionRow> = {}): ConnectionRow => ({
  streamId: "s",
  v: 1,
  desired: "open",
  desiredVersion: 1,
  status: "starting",
  generation: 3,
  attempt: 0,
  counters: ZERO_COUNTERS,
  ...over,
});
const live = { owner: "n", expiresAt: NOW + 1, release: "r1" };
const dead = { owner: "n", expiresAt: NOW, release: "r1" };
const failed = (status?: number, secretVersion = "v1") =>
  row({ status: "failed", secretVersion, lastError: { code: "SOURCE_STATUS", status, message: "", at: 0 } });

describe("watchdog decisions", () => {
  const cases: readonly (readonly [string, ConnectionRow, object])[] = [
    ["leaves a live lease alone", row(live), { kind: "nothing" }],
    ["invokes for a released stream", row(), { kind: "invoke" }],
    ["waits while a successor holds a claim", row({ claim: { nonce: "c", until: NOW + 1 } }), { kind: "nothing" }],
    ["does not wait for an expired claim", row({ claim: { nonce: "c", until: NOW } }), { kind: "invoke" }],
    [
      "does not wait for a refused claim",
      row({ claim: { nonce: "c", until: NOW + 1, refused: { status: 429 } } }),
      { kind: "invoke" },
    ],
    ["revives at once after a first crash", row(dead), { kind: "revive", attempt: 1 }],
    [
      "backs off at the second crash",
      row({ ...dead, attempt: 1 }),
      { kind: "revive", attempt: 2, retryAt: NOW + 5_000 },
    ],
    [
      "backs off further at the fifth",
      row({ ...dead, attempt: 4 }),
      { kind: "revive", attempt: 5, retryAt: NOW + 40_000 },
    ],
    [
      "never backs off above 320 s",
      row({ ...dead, attempt: 40 }),
      { kind: "revive", attempt: 41, retryAt: NOW + 320_000 },
    ],
    ["waits until retryAt", row({ status: "waiting", retryAt: NOW + 1 }), { kind: "nothing" }],
    ["invokes at retryAt", row({ status: "waiting", retryAt: NOW }), { kind: "invoke" }],
    ["leaves a completed stream alone", row({ status: "completed" }), { kind: "nothing" }],
    ["leaves a closed stream alone", row({ desired: "closed", status: "closed" }), { kind: "nothing" }],
    [
      "marks a stopped stream without a live lease closed",
      row({ desired: "closed", status: "open", ...dead }),
      { kind: "mark-closed" },
    ],
    ["waits for a live owner to close", row({ desired: "closed", status: "open", ...live }), { kind: "nothing" }],
    [
      "requests a handover from an owner of another release",
      row({ ...live, release: "r0" }),
      { kind: "request-handover" },
    ],
    ["requests a handover once", row({ ...live, release: "r0", requestedRelease: "r1" }), { kind: "nothing" }],
    ["leaves a 401 alone while the secret is the same", failed(401, "v2"), { kind: "nothing" }],
    ["tries a 401 again with another secret", failed(401), { kind: "retry-with-new-secret" }],
    ["tries a 403 again with another secret", failed(403), { kind: "retry-with-new-secret" }],
    ["leaves a 404 alone whatever the secret", failed(404), { kind: "nothing" }],
    ["leaves a failure without a status alone", failed(undefined), { kind: "nothing" }],
  ];
  for (const [name, stored, expected] of cases) {
    it(name, () => assert.deepEqual(decide(stored, { now: NOW, release: "r1", secretVersion: "v2" }), expected));
  }

  it("leaves a 401 alone while the secret's version is unknown", () => {
    assert.deepEqual(decide(failed(401), { now: NOW, release: "r1" }), { kind: "nothing" });
  });

  it("counts a stream as down only if it should run and has no live lease", () => {
    assert.ok(isDown(row(), NOW) && isDown(row(dead), NOW));
    for (const up of [row(live), row({ desired: "closed" }), row({ status: "completed" }), failed(404)]) {
      assert.ok(!isDown(up, NOW), JSON.stringify(up));
    }
  });
});
