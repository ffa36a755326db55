import assert from "node:assert/strict";
import { headline } from "../../bench/headline";
import type { Result } from "../../bench/result";
import { stamp, stamped } from "../../bench/stamp";

describe("the figures in the documentation", () => {
  it("are those of the newest results", () => {
    for (const { page, before, after } of stamped())
      assert.equal(before, after, `${page} is out of date: run \`npm run bench:stamp\``);
  });

  it("replace only the text between the markers", () => {
    const text = "head\n<!-- bench:start -->\nold\nfigures\n<!-- bench:end -->\ntail\n";
    const expected = "head\n<!-- bench:start -->\nnew\n<!-- bench:end -->\ntail\n";
    assert.equal(stamp(text, "\nnew\n\n"), expected);
    assert.equal(stamp(expected, "new"), expected);
  });

  it("date the handovers when these are from another day", () => {
    const paths = [
      ["relay, lines", "null, 4 ms"],
      ["relay, SSE", "null, 4 ms"],
      ["blueprint, lines", "null, 4 ms"],
      ["memory over a long run", "null, 4 ms"],
    ].map(([name, database]) => ({
      name,
      database,
      eventsPerSecond: 1,
      cpuMicrosecondsPerEvent: 1,
      events: 1,
      maxRssMegabytes: 1,
    }));
    const result = { date: "2026-11-27T01:00:00Z", machine: "here", paths } as unknown as Result;
    const last = (day: string) =>
      headline(
        result,
        `\`npm run bench:handover\`, ${day}, on 2 × CPU, Node v24\n\n| handovers | sent | lost | processed twice |\n| - | - | - | - |\n| 5 | 9 | 0 | 0 |`,
      )
        .split("\n")
        .at(-1);
    assert.equal(last("2026-11-27"), "- Handovers under load: 5, 0 of 9 events lost, 0 processed twice");
    assert.equal(
      last("2026-11-24"),
      "- Handovers under load: 5, 0 of 9 events lost, 0 processed twice (2026-11-24, on 2 × CPU)",
    );
  });

  it("fail for a page without markers", () => {
    assert.throws(() => stamp("no markers", "new"), /Expected <!-- bench:start --> and <!-- bench:end -->/);
  });
});
