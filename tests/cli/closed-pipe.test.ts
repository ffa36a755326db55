import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { endOnClosedPipe } from "../../cli/closed-pipe";

function fakeProcess() {
  const exits: (number | undefined)[] = [];
  const process = Object.assign(new EventEmitter(), {
    stdout: new EventEmitter(),
    stderr: new EventEmitter(),
    exit: (code?: number) => void exits.push(code),
  });
  endOnClosedPipe(process as unknown as NodeJS.Process);
  const fail = (code: string, output: "stdout" | "stderr" = "stdout") =>
    process[output].emit("error", Object.assign(new Error(`write ${code}`), { code }));
  return { process, exits, fail };
}

describe("a reader of stdout that leaves first", () => {
  it("ends a command without an error, and with its own exit code", () => {
    const { exits, fail } = fakeProcess();
    fail("EPIPE");
    fail("EPIPE");
    assert.deepEqual(exits, [undefined]);
  });

  it("ends a command that closes what it started as Ctrl-C does, once", () => {
    const { process, exits, fail } = fakeProcess();
    let interrupts = 0;
    process.on("SIGINT", () => interrupts++);
    fail("EPIPE");
    fail("EPIPE");
    assert.deepEqual([interrupts, exits], [1, []]);
  });

  it("ends a command whose notes go to the same reader, once", () => {
    const { process, fail } = fakeProcess();
    let interrupts = 0;
    process.on("SIGINT", () => interrupts++);
    fail("EPIPE", "stderr");
    fail("EPIPE");
    assert.equal(interrupts, 1);
  });

  it("does not hide another error of stdout", () => {
    const { fail } = fakeProcess();
    assert.throws(() => fail("ENOSPC"), /ENOSPC/);
  });
});
