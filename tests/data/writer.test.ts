import assert from "node:assert/strict";
import fc from "fast-check";
import { CheckpointTracker } from "../../runtime/data/checkpoint-tracker";
import type { EncodedItem } from "../../runtime/data/item";
import { type Entry, Writer, type WriterDeps } from "../../runtime/data/writer";
import { StreamError } from "../../runtime/support/errors";
import { fakeClock } from "../fakes/fake-clock";
import { memoryLogger, RETRY_MS, until } from "./harness";

function entries(count: number, from = 0): Entry[] {
  return Array.from({ length: count }, (_, i) => ({
    number: from + i,
    item: { key: `k${from + i}`, json: `{"key":{"S":"k${from + i}"}}`, bytes: 20 },
  }));
}

function setUp(
  write: (items: readonly EncodedItem[]) => Promise<readonly EncodedItem[]>,
  deps: Partial<WriterDeps> = {},
) {
  const stored: number[] = [];
  const refused: number[] = [];
  const clock = fakeClock({ autoMs: RETRY_MS });
  const log = memoryLogger();
  const abort = new AbortController();
  const throttled: number[] = [];
  const errors: unknown[] = [];
  const writer = new Writer({
    store: { write },
    oversize: async () => {},
    clock,
    random: () => 0.5,
    log,
    signal: abort.signal,
    memory: { addQueued: () => {} },
    maxBytes: 8 * 1024 * 1024,
    objectRetryMs: 60_000,
    onSettled: ({ number }, error) => (error ? refused : stored).push(number),
    onThrottled: () => throttled.push(clock.now()),
    onError: (error) => errors.push(error),
    ...deps,
  });
  return { writer, stored, refused, throttled, errors, clock, log, abort };
}

const sorted = (numbers: number[]) => [...numbers].sort((a, b) => a - b);

describe("writer", () => {
  it("sends at once when idle and fills up while a request is in flight", async () => {
    const sizes: number[] = [];
    const answers: (() => void)[] = [];
    const { writer } = setUp(async (items) => {
      sizes.push(items.length);
      await new Promise<void>((resolve) => answers.push(resolve));
      return [];
    });
    writer.add(entries(1)[0]!);
    writer.flush();
    for (const entry of entries(30, 1)) {
      writer.add(entry);
      writer.flush();
    }
    assert.deepEqual(sizes, [1, 25]);
    for (const answer of answers.splice(0)) answer();
    await until(() => sizes.length === 3);
    assert.deepEqual(sizes, [1, 25, 5]);
    for (const answer of answers) answer();
    await until(() => writer.idle);
  });

  it("retries unprocessed items until the table accepts all, ever more slowly", async () => {
    let calls = 0;
    const { writer, stored, throttled, errors, clock, log } = setUp(async (items) =>
      ++calls < 4 ? items.slice(0, Math.ceil(items.length / 2)) : [],
    );
    for (const entry of entries(20)) writer.add(entry);
    writer.flush();
    await until(() => writer.idle);
    assert.deepEqual(sorted(stored), [...Array(20).keys()]);
    assert.equal(calls, 4);
    assert.equal(throttled.length, 3);
    assert.deepEqual(errors, []);
    assert.deepEqual(clock.sleeps, [25, 50, 100]);
    assert.deepEqual(log.lines, []);
  });

  it("backs off while the table is unavailable, logs once, and loses nothing", async () => {
    let calls = 0;
    const { writer, stored, clock, log } = setUp(async () => {
      if (++calls <= 10) throw new StreamError("STORE_UNAVAILABLE", "throttled", { retryable: true });
      return [];
    });
    for (const entry of entries(5)) writer.add(entry);
    writer.flush();
    await until(() => writer.idle);
    assert.equal(stored.length, 5);
    assert.equal(log.lines.length, 1);
    assert.deepEqual(clock.sleeps.slice(0, 4), [25, 50, 100, 200]);
    assert.equal(Math.max(...clock.sleeps), 2_500);
  });

  it("reports errors of the table, and whether they mean too many requests", async () => {
    const names = ["AccessDeniedException", "ThrottlingException"];
    const thrown = names.map((awsError) => new StreamError("STORE_UNAVAILABLE", awsError, { awsError }));
    const pending = [...thrown];
    const { writer, throttled, errors, log } = setUp(async () => {
      const error = pending.shift();
      if (error) throw error;
      return [];
    });
    writer.add(entries(1)[0]!);
    writer.flush();
    await until(() => writer.idle);
    assert.deepEqual(errors, thrown);
    assert.equal(throttled.length, 1);
    assert.deepEqual(
      log.lines.map(({ fields }) => fields?.error),
      [thrown[0]],
    );
  });

  it("refuses the one invalid item with its key and stores the others", async () => {
    const { writer, stored, refused, log } = setUp(async (items) => {
      if (items.some((item) => item.key === "k7")) throw new StreamError("VALIDATION_FAILED", "bad item");
      return [];
    });
    for (const entry of entries(25)) writer.add(entry);
    writer.flush();
    await until(() => writer.idle);
    assert.equal(stored.length, 24);
    assert.deepEqual(refused, [7]);
    assert.equal(log.lines.find((line) => line.level === "error")?.fields.key, "k7");
  });

  const large = (number: number): Entry => ({
    number,
    item: { key: `k${number}`, json: "{}", bytes: 10, oversize: { key: `o/k${number}`, bytes: Buffer.alloc(1_000) } },
  });

  it("stores an object before its item, and retries when the bucket fails", async () => {
    const order: string[] = [];
    let failures = 1;
    const { writer, errors } = setUp(
      async (items) => {
        order.push(...items.map((one) => one.key));
        return [];
      },
      {
        oversize: async (key) => {
          if (failures-- > 0) throw new StreamError("STORE_UNAVAILABLE", "unavailable", { retryable: true });
          order.push(key);
        },
      },
    );
    writer.add(large(0));
    await until(() => writer.idle);
    assert.deepEqual(order, ["o/k0", "k0"]);
    assert.equal(errors.length, 1);
  });

  it("settles the other events of a batch while the bucket refuses an object, then refuses that event by name", async () => {
    const error = new StreamError("STORE_UNAVAILABLE", "AccessDenied", { retryable: true, awsError: "AccessDenied" });
    const tries: number[] = [];
    const whys: unknown[] = [];
    const order: number[] = [];
    const { writer, clock, log, errors } = setUp(async () => [], {
      oversize: async (key) => {
        if (key !== "o/k3") return;
        tries.push(clock.now());
        throw error;
      },
      onSettled: ({ number }, refused) => {
        order.push(number);
        if (refused) whys.push(refused);
      },
    });
    const began = clock.now();
    for (let number = 0; number < 25; number++) writer.add(number < 5 ? large(number) : entries(1, number)[0]!);
    writer.flush();
    await until(() => writer.idle);
    assert.equal(order.at(-1), 3);
    assert.deepEqual(sorted(order), [...Array(25).keys()]);
    assert.deepEqual(whys, [error]);
    assert.ok(tries.length > 10 && tries.at(-1)! - began >= 60_000, `${tries.length} tries`);
    assert.equal(errors.length, tries.length - 1);
    assert.deepEqual(
      log.lines.map(({ level, fields }) => [level, fields.key]),
      [
        ["warn", "o/k3"],
        ["error", "k3"],
      ],
    );
  });

  it("wakes its reader when it refuses an event, and releases the memory of an object that is stored", async () => {
    const { writer, clock } = setUp(() => new Promise(() => {}), {
      oversize: async (key) => {
        if (key === "o/k1") throw new StreamError("STORE_UNAVAILABLE", "AccessDenied");
      },
    });
    const eightMegabytes = (number: number): Entry => {
      const { item } = large(number);
      return { number, item: { ...item, oversize: { ...item.oversize!, bytes: Buffer.alloc(8 << 20) } } };
    };
    writer.add(eightMegabytes(1));
    assert.equal(writer.full, true);
    while (writer.full) await writer.changed();
    assert.ok(clock.sleeps.length > 10);
    writer.add(eightMegabytes(2));
    assert.equal(writer.full, true);
    await until(() => !writer.full);
  });

  it("is full by events and by bytes, and releases waiters when it is aborted", async () => {
    const { writer, abort, stored } = setUp(() => new Promise(() => {}));
    for (const entry of entries(999)) writer.add(entry);
    assert.equal(writer.full, false);
    writer.add(entries(1, 999)[0]!);
    assert.equal(writer.full, true);
    const waiting = writer.changed();
    abort.abort();
    writer.wake();
    await waiting;
    assert.equal(stored.length, 0);
    const heavy = setUp(() => new Promise(() => {}));
    heavy.writer.add({ number: 0, item: { key: "k", json: "x".repeat(8 << 20), bytes: 1 } });
    assert.equal(heavy.writer.full, true);
  });

  it("is not full by objects that the bucket does not accept, up to their own limit", () => {
    const refused = { maxBytes: 1 << 20, oversize: () => new Promise<void>(() => {}) };
    const { writer } = setUp(async () => [], refused);
    const megabyte = (n: number) => ({
      number: n,
      item: { key: `k${n}`, json: "{}", bytes: 2, oversize: { key: `o${n}`, bytes: Buffer.alloc(1 << 20) } },
    });
    for (let n = 0; n < 7; n++) writer.add(megabyte(n));
    assert.equal(writer.full, false);
    writer.add(megabyte(7));
    assert.equal(writer.full, true);
  });

  it("buffers no more than it can write in ten seconds at the measured rate", async () => {
    const answers: (() => void)[] = [];
    const { writer, clock } = setUp(async () => {
      await new Promise<void>((resolve) => answers.push(resolve));
      return [];
    });
    for (const entry of entries(400)) writer.add(entry);
    // 16 batches in 20 s: 20 events/s, so 200 events fit.
    await clock.advance(20_000);
    for (const answer of answers.splice(0)) answer();
    await until(() => answers.length === 0 && writer.idle);
    for (const entry of entries(199, 400)) writer.add(entry);
    assert.equal(writer.full, false);
    for (const entry of entries(2, 599)) writer.add(entry);
    assert.equal(writer.full, true);
  });
});

describe("CheckpointTracker", () => {
  it("reports the first checkpoint of a stream that had none, or lost it", () => {
    let firsts = 0;
    const tracker = new CheckpointTracker(undefined, () => firsts++);
    const numbers = [tracker.add(undefined), tracker.add("1"), tracker.add("2")];
    tracker.settle(numbers[1]!);
    assert.equal(firsts, 0);
    tracker.settle(numbers[0]!);
    tracker.settle(numbers[2]!);
    assert.equal(firsts, 1);
    tracker.addSettled("");
    assert.equal(firsts, 1);
    tracker.addSettled("3");
    tracker.addSettled("4");
    assert.equal(firsts, 2);
  });

  it("never moves the checkpoint past an unsettled event, whatever the order", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("work", "pass"), { maxLength: 50 }),
        fc.infiniteStream(fc.nat()),
        (kinds, picks) => {
          const tracker = new CheckpointTracker("start");
          const open: { number: number; index: number }[] = [];
          kinds.forEach((kind, index) => {
            if (kind === "work") open.push({ number: tracker.add(String(index)), index });
            else tracker.addSettled(String(index));
          });
          const check = () => {
            const first = Math.min(...open.map((one) => one.index), kinds.length);
            assert.equal(tracker.checkpoint, first === 0 ? "start" : String(first - 1));
            assert.equal(tracker.unsettled, open.length);
          };
          check();
          while (open.length > 0) {
            const [one] = open.splice(picks.next().value % open.length, 1);
            tracker.settle(one!.number);
            check();
          }
        },
      ),
    );
  });
});
