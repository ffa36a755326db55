import assert from "node:assert/strict";
import { mock } from "node:test";
import { reloadOnChange } from "../../../cli/local/reload";

describe("reloading after edits", () => {
  /** A stack whose updates end when the test says so. */
  function fakeStack() {
    const updates: { resolve(changed: string[]): void; reject(error: Error): void }[] = [];
    const lines: string[] = [];
    let edit = () => {};
    let load = Promise.resolve(true);
    const reporter = {
      note: (text: string) => lines.push(text),
      updating: () => {},
      updated: (resources: readonly string[]) => lines.push(`updated ${resources.join()}`),
    };
    const stack = {
      update: () => new Promise<string[]>((resolve, reject) => updates.push({ resolve, reject })),
      loaded: () => load,
      watch: (onChange: () => void) => {
        edit = onChange;
        return () => {};
      },
    };
    let adopted = 0;
    const end = reloadOnChange(stack, reporter, () => {
      adopted += 1;
    });
    const setLoad = (next: Promise<boolean>) => {
      load = next;
    };
    return { updates, lines, edit: () => edit(), end, adopted: () => adopted, setLoad };
  }
  const settle = () => new Promise((resolve) => setImmediate(resolve));

  it("runs one update at a time, and another one for the edits during it", async () => {
    const { updates, lines, edit } = fakeStack();
    edit();
    for (const _ of [1, 2]) edit();
    assert.equal(updates.length, 1);
    updates[0]!.resolve(["processor"]);
    await settle();
    assert.deepEqual([updates.length, lines], [2, ["updated processor"]]);
    updates[1]!.resolve([]);
    await settle();
    edit();
    assert.equal(updates.length, 3);
    assert.deepEqual(lines, ["updated processor"], "an update without changes is not reported");
  });

  it("reports why an edit is not applied, and applies the next one", async () => {
    const { updates, lines, edit, adopted } = fakeStack();
    edit();
    updates[0]!.reject(new Error("processor.ts:1:2: Unexpected end of file"));
    await settle();
    assert.match(lines.join(), /^The edit is not applied, and what ran before still runs: processor\.ts:1:2/);
    assert.equal(adopted(), 0);
    edit();
    updates[1]!.resolve(["processor"]);
    await settle();
    assert.deepEqual([lines.at(-1), adopted()], ["updated processor", 1]);
  });

  it("does not report an update whose code cannot be loaded, which does not serve", async () => {
    const { updates, lines, edit, setLoad } = fakeStack();
    setLoad(Promise.resolve(false));
    edit();
    updates[0]!.resolve(["processor"]);
    await settle();
    assert.deepEqual(lines, []);
  });

  it("states that new code has not loaded after ten seconds, and applies the next edit without waiting for it", async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      const { updates, lines, edit, setLoad } = fakeStack();
      let endLoad: (loaded: boolean) => void = () => {};
      setLoad(
        new Promise((resolve) => {
          endLoad = resolve;
        }),
      );
      edit();
      updates[0]!.resolve(["hangs"]);
      await settle();
      mock.timers.tick(9_999);
      assert.deepEqual(lines, []);
      mock.timers.tick(1);
      assert.deepEqual(lines, ["The new code has not loaded after 10 s. Until it has, what ran before still runs."]);
      setLoad(Promise.resolve(true));
      edit();
      assert.equal(updates.length, 2);
      updates[1]!.resolve(["corrected"]);
      await settle();
      endLoad(false);
      await settle();
      assert.deepEqual(lines.slice(1), ["updated corrected"]);
    } finally {
      mock.timers.reset();
    }
  });

  it("reports nothing after its end", async () => {
    const { updates, lines, edit, end } = fakeStack();
    edit();
    const ending = end();
    updates[0]!.reject(new Error("killed"));
    await ending;
    assert.deepEqual(lines, []);
  });
});
