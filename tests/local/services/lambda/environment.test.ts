import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { EventEmitter } from "node:events";
import { mock } from "node:test";
import { superviseEnvironment } from "../../../../local/services/lambda/environment";

const INVOCATION = { requestId: "r", functionArn: "arn", traceId: "t", event: "{}" };

/** A process that records what it gets and replies when the test says so. */
class FakeProcess extends EventEmitter {
  readonly pid = 7;
  readonly sent: { deadline: number }[] = [];
  readonly signals: string[] = [];
  send = (message: { deadline: number }) => this.sent.push(message) > 0;
  kill = (signal: string) => this.signals.push(signal) > 0;
}

describe("an environment of a function", () => {
  let child: FakeProcess;
  const supervise = () => superviseEnvironment(child as unknown as ChildProcess, 5);
  /** Lets the promises run: the clock of this test stands still. */
  const settle = () => new Promise((resolve) => setImmediate(resolve));

  beforeEach(() => {
    child = new FakeProcess();
    mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 });
  });
  afterEach(() => mock.timers.reset());

  it("gets its first invocation, with the whole timeout, when its code is loaded", async () => {
    const running = supervise().run(INVOCATION);
    mock.timers.tick(8_000);
    await settle();
    assert.deepEqual(child.sent, []);
    child.emit("message", { loaded: true });
    await settle();
    assert.deepEqual(child.sent, [{ ...INVOCATION, deadline: 1_013_000 }]);
    child.emit("message", { ok: true, result: "1" });
    assert.deepEqual(await running, { phase: "end", payload: "1" });
    assert.deepEqual(child.signals, ["SIGCONT", "SIGSTOP"]);
  });

  it("times out when its code is never loaded: the timeout begins after ten seconds", async () => {
    const running = supervise().run(INVOCATION);
    mock.timers.tick(10_000);
    await settle();
    mock.timers.tick(5_000);
    const { phase, payload } = await running;
    assert.equal(phase, "timeout");
    assert.match(payload, /timed out after 5\.00 seconds/);
    assert.deepEqual(child.signals, ["SIGCONT", "SIGKILL"]);
  });

  it("freezes after it has loaded, and ends when its code could not be loaded", async () => {
    const inits: unknown[] = [];
    const prepare = () => superviseEnvironment(child as unknown as ChildProcess, 5, (error) => inits.push(error));
    prepare();
    child.emit("message", { loaded: true });
    assert.deepEqual([child.signals, inits], [["SIGSTOP"], [undefined]]);
    child = new FakeProcess();
    const error = { errorType: "Error", errorMessage: "no" };
    const failed = prepare();
    child.emit("message", { loaded: true, error });
    assert.deepEqual([child.signals, inits[1], failed.idle], [["SIGKILL"], error, false]);
  });

  it("ends an invocation with its process, also while the code is loaded", async () => {
    const running = supervise().run(INVOCATION);
    child.emit("exit", 3, null);
    assert.equal((await running).phase, "killed");
    child.emit("message", { loaded: true });
    await settle();
    assert.deepEqual(child.sent, []);
  });
});
