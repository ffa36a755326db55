import assert from "node:assert/strict";
import type { StreamHistory } from "../../runtime/contract";
import { type ConnectionEnd, decideOutcome, opened, PERMANENT_AFTER_MS } from "../../runtime/data/source/outcome";
import { StreamError } from "../../runtime/support/errors";

const refused = (status: number): ConnectionEnd => ({
  kind: "refused",
  status,
  error: new StreamError("SOURCE_STATUS", `${status}`),
});
const page: ConnectionEnd = { kind: "not-a-stream", error: new StreamError("SOURCE_FORMAT", "a page") };
const lost: ConnectionEnd = { kind: "broken", error: new StreamError("SOURCE_NETWORK", "lost") };
const wasOpen: StreamHistory = { openedAt: 1 };

describe("the outcome of a connection", () => {
  for (const end of [refused(403), refused(404), refused(410), refused(205), page])
    it(`fails a stream that was never open at once: ${"error" in end ? end.error.message : end.kind}`, () => {
      assert.equal(decideOutcome(end, {}, 1_000).outcome, "failed");
    });

  for (const end of [refused(403), refused(404), refused(410), page])
    it(`retries a stream that was open for 30 minutes of the same answer: ${"error" in end ? end.error.message : end.kind}`, () => {
      const first = decideOutcome(end, wasOpen, 1_000);
      assert.equal(first.outcome, "retry");
      const before = decideOutcome(end, first.history, 999 + PERMANENT_AFTER_MS);
      assert.equal(before.outcome, "retry");
      assert.equal(decideOutcome(end, before.history, 1_000 + PERMANENT_AFTER_MS).outcome, "failed");
    });

  it("starts the 30 minutes again when the answer changes or the stream opens in between", () => {
    const first = decideOutcome(refused(404), wasOpen, 0);
    const late = PERMANENT_AFTER_MS + 1;
    for (const between of [refused(503), refused(403), page]) {
      const { history } = decideOutcome(between, first.history, 1);
      assert.equal(decideOutcome(refused(404), history, late).outcome, "retry");
    }
    assert.equal(decideOutcome(refused(404), opened(first.history, 1), late).outcome, "retry");
  });

  it("does not take a lost connection for another answer", () => {
    const first = decideOutcome(refused(404), wasOpen, 0);
    const { outcome, history } = decideOutcome(lost, first.history, 1);
    assert.equal(outcome, "retry");
    assert.equal(decideOutcome(refused(404), history, PERMANENT_AFTER_MS).outcome, "failed");
  });

  it("fails on 401 and on unusable settings also when the stream was open", () => {
    assert.equal(decideOutcome(refused(401), wasOpen, 0).outcome, "failed");
    const unusable: ConnectionEnd = { kind: "unusable", error: new StreamError("CONFIG_INVALID", "x") };
    assert.equal(decideOutcome(unusable, wasOpen, 0).outcome, "failed");
  });

  it("keeps the time of the first open connection", () => {
    assert.equal(opened(opened({}, 5), 9).openedAt, 5);
  });
});
