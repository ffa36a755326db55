import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import type { ConsoleState } from "../../../cli/console/console-state";
import { openPages } from "../../../cli/console/pages";

/** A page that reads only when the test says so. */
class SlowPage extends EventEmitter {
  readonly written: string[] = [];
  writableLength = 0;
  destroyed = false;
  write(text: string) {
    this.written.push(text.slice(0, 24));
    this.writableLength += text.length;
  }
  end() {}
  destroy() {
    this.destroyed = true;
  }
}

describe("a page that reads slowly", () => {
  function fixture() {
    const clock = { now: 0 };
    let tick = () => {};
    let text = "x".repeat(600_000);
    const state = {
      snapshot: () => ({ type: "snapshot" }),
      update: () => (text === "" ? undefined : { type: "update", text }),
      tick() {},
    } as unknown as ConsoleState;
    const every = (_ms: number, run: () => void) => {
      tick = run;
      return () => {};
    };
    const pages = openPages(state, { now: () => clock.now, every });
    const page = new SlowPage();
    pages.add(page as unknown as ServerResponse);
    const silence = () => {
      text = "";
    };
    return { clock, pages, page, tick: () => tick(), silence };
  }

  it("gets a snapshot instead of the updates that it missed", () => {
    const { page, tick } = fixture();
    for (let i = 0; i < 10; i++) tick();
    assert.equal(page.written.length, 3);
    page.writableLength = 0;
    tick();
    assert.match(page.written.at(-1) ?? "", /"snapshot/);
  });

  it("is disconnected after 15 s", () => {
    const { clock, pages, page, tick } = fixture();
    tick();
    tick();
    clock.now = 15_000;
    tick();
    assert.equal(page.destroyed, false);
    clock.now = 15_001;
    tick();
    assert.deepEqual([page.destroyed, pages.count()], [true, 0]);
  });

  it("gets a comment every 10 s without updates", () => {
    const { clock, page, tick, silence } = fixture();
    silence();
    clock.now = 9_999;
    tick();
    clock.now = 10_000;
    tick();
    assert.deepEqual(page.written.slice(1), [": idle\n\n"]);
  });
});
