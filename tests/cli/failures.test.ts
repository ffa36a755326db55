import assert from "node:assert/strict";
import { Command } from "commander";
import { type Failure, failureObjectKey, redriveBatch } from "pulumi-stream-ingestion/internal";
import { eachEvent, type StreamEvent } from "pulumi-stream-ingestion/processor";
import { addFailures } from "../../cli/failures";
import type { FailureObject, FailureStore } from "../../cli/failures/failure-store";
import { type InvokeProcessor, outcomeOf, processInOrder } from "../../cli/failures/invoke-processor";
import { type RedriveDeps, redrive } from "../../cli/failures/redrive";
import { rewriteObjects } from "../../cli/failures/rewrite-objects";
import { parseTime, selectObjects } from "../../cli/failures/select";
import { untilInterrupted } from "../../cli/failures/until-interrupted";
import type { Terminal } from "../../cli/terminal";
import { fakePorts, reasonWithoutStack, record, run } from "../processor/builders";
import { run as runCommand } from "./cli-fixture";

function failure(number: number, overrides: Partial<Failure> = {}): Failure {
  const event = { type: "message", data: `{"n":${number}}`, receivedAt: 1000, sequence: `1.1.${number}` };
  const error = { code: "Error", message: "no" };
  return { v: 1, streamId: "s", key: `k${number}`, event, error, attempts: 3, at: 5_000, ...overrides };
}

/** A bucket in memory. The position of an object is its time. */
function memoryStore(failures: readonly Failure[] = [], others: Record<string, string> = {}) {
  const objects = new Map<string, string>(Object.entries(others));
  for (const one of failures) objects.set(failureObjectKey(one), JSON.stringify(one));
  const store: FailureStore = {
    async *list(prefix) {
      for (const [index, key] of [...objects.keys()].entries()) if (key.startsWith(prefix)) yield { key, at: index };
    },
    get: async (key) => objects.get(key),
    put: async (key, body) => void objects.set(key, Buffer.from(body).toString("utf8")),
    delete: async (key) => void objects.delete(key),
  };
  return { store, objects, read: (key: string): Failure => JSON.parse(objects.get(key)!) };
}

/** Invokes the real wrapper around `handler`, as Lambda does. */
function invokeProcessor(handler: (event: StreamEvent) => unknown, fakes = fakePorts()): InvokeProcessor {
  const processor = eachEvent(handler);
  return async (batch) =>
    outcomeOf(undefined, JSON.stringify(await run(processor, JSON.parse(JSON.stringify(batch)).Records, fakes)));
}

function deps(store: FailureStore, invoke: InvokeProcessor): RedriveDeps & { unreadable: string[] } {
  const unreadable: string[] = [];
  return {
    store,
    invoke,
    now: () => 9_000,
    onEvent: () => {},
    onUnreadable: (key) => unreadable.push(key),
    unreadable,
  };
}

const lambdaObject = (...records: object[]) =>
  JSON.stringify({
    requestContext: { condition: "RetryAttemptsExhausted", approximateInvokeCount: 6 },
    timestamp: "2026-11-24T18:00:00Z",
    payload: { Records: records },
  });

describe("redrive", () => {
  it("sends each event to the processor and removes those that succeed; a second run finds none", async () => {
    const { store, objects } = memoryStore([failure(1), failure(2, { streamId: "t" })]);
    const seen: string[] = [];
    const invoke = invokeProcessor(({ streamId, key, data }) => seen.push(streamId + key + data));
    const found = await selectObjects(store, {});
    assert.deepEqual(await redrive(found, undefined, deps(store, invoke)), {
      processed: 2,
      failed: 0,
      isComplete: true,
    });
    assert.deepEqual(seen.sort(), ['sk1{"n":1}', 'tk2{"n":2}']);
    assert.equal(objects.size, 0);
    assert.deepEqual(await redrive(found, undefined, deps(store, invoke)), {
      processed: 0,
      failed: 0,
      isComplete: true,
    });
    assert.equal(seen.length, 2);
  });

  it("sends the events of a stream in batches, in order", async () => {
    const { store, objects } = memoryStore(Array.from({ length: 250 }, (_, n) => failure(n + 1)));
    const seen: string[] = [];
    const sizes: number[] = [];
    const processor = invokeProcessor(({ key }) => seen.push(key));
    const invoke: InvokeProcessor = (batch) => {
      sizes.push(batch.Records.length);
      return processor(batch);
    };
    const found = await selectObjects(store, {});
    assert.deepEqual(await redrive(found, undefined, deps(store, invoke)), {
      processed: 250,
      failed: 0,
      isComplete: true,
    });
    assert.deepEqual(sizes, [100, 100, 50]);
    assert.deepEqual(
      seen,
      Array.from({ length: 250 }, (_, n) => `k${n + 1}`),
    );
    assert.equal(objects.size, 0);
  });

  it("says that it is not complete when its signal leaves objects", async () => {
    const { store, objects } = memoryStore(Array.from({ length: 150 }, (_, n) => failure(n + 1)));
    const closed = new AbortController();
    const processor = invokeProcessor(() => {});
    const invoke: InvokeProcessor = (batch) => {
      closed.abort();
      return processor(batch);
    };
    const options = { ...deps(store, invoke), signal: closed.signal };
    const result = await redrive(await selectObjects(store, {}), undefined, options);
    assert.deepEqual(result, { processed: 100, failed: 0, isComplete: false });
    assert.equal(objects.size, 50);
  });

  it("keeps an event that fails again, with the new error and the number of attempts", async () => {
    const { store, objects, read } = memoryStore([failure(1), failure(2)]);
    const invoke = invokeProcessor(({ key }) => {
      if (key === "k2") throw new RangeError("still");
    });
    const result = await redrive(await selectObjects(store, {}), undefined, deps(store, invoke));
    assert.deepEqual(result, { processed: 1, failed: 1, isComplete: true });
    assert.deepEqual([...objects.keys()], ["failures/s/k2.json"]);
    const kept = read("failures/s/k2.json");
    assert.deepEqual(
      { ...kept, error: reasonWithoutStack(kept.error) },
      failure(2, { error: { code: "RangeError", message: "still" }, attempts: 4, at: 9_000 }),
    );
  });

  it("stores large data in the bucket before it sends the event", async () => {
    const event = { type: "message", data: "large", receivedAt: 1, sequence: "1.1.1", pointer: "oversize/s/k1" };
    const { store, objects } = memoryStore([failure(1, { event })]);
    const fakes = fakePorts();
    const seen: string[] = [];
    const invoke = invokeProcessor(({ data }) => seen.push(data), { ...fakes, objects });
    fakes.ports.bucket.get = async (key) => Buffer.from(objects.get(key) ?? "");
    await redrive(await selectObjects(store, {}), undefined, deps(store, invoke));
    assert.deepEqual(seen, ["large"]);
    assert.deepEqual([...objects.keys()], ["oversize/s/k1"]);
  });

  it("splits an object that Lambda wrote: events that fail again get their own key, the others are removed", async () => {
    const key = "aws/lambda/m/shard/2026/11/24/x";
    const { store, objects, read } = memoryStore([], { [key]: lambdaObject(record(1), record(2)) });
    const invoke = invokeProcessor(({ key }) => {
      if (key === "k1") throw new Error("still");
    });
    await redrive(await selectObjects(store, {}), undefined, deps(store, invoke));
    assert.deepEqual([...objects.keys()], ["failures/s/k1.json"]);
    const { record: kept, attempts } = read("failures/s/k1.json");
    assert.deepEqual([kept, attempts], [record(1), 7]);
  });

  it("sends a large object that Lambda wrote in several batches", async () => {
    const records = Array.from({ length: 130 }, (_, n) => record(n + 1));
    const { store, objects } = memoryStore([], { "aws/lambda/x": lambdaObject(...records) });
    const sizes: number[] = [];
    const processor = invokeProcessor(() => {});
    const invoke: InvokeProcessor = (batch) => {
      sizes.push(batch.Records.length);
      return processor(batch);
    };
    await redrive(await selectObjects(store, {}), undefined, deps(store, invoke));
    assert.deepEqual([sizes, objects.size], [[100, 30], 0]);
  });

  it("keeps the events of other streams, also in Lambda's objects", async () => {
    const other = { streamId: "t" };
    const { store, objects } = memoryStore([failure(1), failure(1, other)], {
      "aws/lambda/x": lambdaObject(record(2), record(3, other)),
      "aws/lambda/y": lambdaObject(record(4, other)),
    });
    const seen: string[] = [];
    const invoke = invokeProcessor(({ streamId, key }) => seen.push(streamId + key));
    await redrive(await selectObjects(store, { stream: "s" }), "s", deps(store, invoke));
    assert.deepEqual(seen.sort(), ["sk1", "sk2"]);
    assert.deepEqual([...objects.keys()].sort(), ["aws/lambda/y", "failures/t/k1.json", "failures/t/k3.json"]);
  });

  it("reports an object that cannot be parsed, keeps it and continues", async () => {
    const { store, objects } = memoryStore([failure(1)], { "failures/s/odd": "odd" });
    const options = deps(
      store,
      invokeProcessor(() => {}),
    );
    assert.deepEqual(await redrive(await selectObjects(store, {}), undefined, options), {
      processed: 1,
      failed: 1,
      isComplete: true,
    });
    assert.deepEqual(options.unreadable, ["failures/s/odd"]);
    assert.deepEqual([...objects.keys()], ["failures/s/odd"]);
  });

  it("removes nothing when the function cannot be invoked", async () => {
    const { store, objects } = memoryStore([failure(1)]);
    const invoke = async () => {
      throw new Error("AccessDenied");
    };
    await assert.rejects(
      redrive([{ key: "failures/s/k1.json", at: 0 }], undefined, deps(store, invoke)),
      /AccessDenied/,
    );
    assert.equal(objects.size, 1);
  });
});

describe("the response of a processor", () => {
  const records = (count: number) => redriveBatch(...Array.from({ length: count }, (_, n) => failure(n + 1))).Records;
  /** Answers invocations in turn, and records the sequence numbers that each got. */
  const answering = (...answers: (string | { readonly error: string })[]) => {
    const got: string[] = [];
    const invoke: InvokeProcessor = async ({ Records }) => {
      got.push(Records.map(({ dynamodb }) => dynamodb?.SequenceNumber).join());
      const answer = answers[got.length - 1] ?? "";
      return typeof answer === "string" ? outcomeOf(undefined, answer) : outcomeOf("Unhandled", JSON.stringify(answer));
    };
    return { got, invoke };
  };
  const codes = (outcomes: readonly ({ code: string } | undefined)[]) => outcomes.map((one) => one?.code ?? "done");

  it("is a failure when the function failed or reported the only record", async () => {
    const crash = outcomeOf("Unhandled", '{"errorType":"Runtime.ExitError","errorMessage":"exit 1"}');
    assert.deepEqual(await processInOrder(records(1), async () => crash), [
      { code: "Runtime.ExitError", message: "exit 1" },
    ]);
    const { invoke } = answering('{"batchItemFailures":[{"itemIdentifier":"1"}]}');
    assert.deepEqual(codes(await processInOrder(records(1), invoke)), ["NOT_SETTLED"]);
  });

  for (const answer of ["", "null", "{}", '"done"', '{"batchItemFailures":[]}'])
    it(`is a success for ${answer || "an empty payload"}`, async () =>
      assert.deepEqual(codes(await processInOrder(records(2), answering(answer).invoke)), ["done", "done"]));

  it("names the failed events of a batch, and what was not tried is sent again", async () => {
    const { got, invoke } = answering(
      '{"batchItemFailures":[{"itemIdentifier":"2","error":{"code":"Bad","message":"no"}},{"itemIdentifier":"3"}]}',
    );
    assert.deepEqual(codes(await processInOrder(records(4), invoke)), ["done", "Bad", "done", "done"]);
    assert.deepEqual(got, ["1,2,3,4", "3,4"]);
  });

  it("halves a batch that crashes the function or makes no progress, until the failing event is alone", async () => {
    const { got, invoke } = answering(
      { error: "crash" },
      "",
      '{"batchItemFailures":[{"itemIdentifier":"3"},{"itemIdentifier":"4"}]}',
      { error: "crash" },
      "",
    );
    assert.deepEqual(codes(await processInOrder(records(4), invoke)), ["done", "done", "Unhandled", "done"]);
    assert.deepEqual(got, ["1,2,3,4", "1,2", "3,4", "3", "4"]);
  });
});

describe("selection of failures", () => {
  it("accepts a duration or a date, and rejects other values by name", () => {
    const now = Date.parse("2026-11-24T12:00:00Z");
    assert.equal(parseTime("--since", "90m", now), Date.parse("2026-11-24T10:30:00Z"));
    assert.equal(parseTime("--since", "2d", now), Date.parse("2026-11-22T12:00:00Z"));
    assert.equal(parseTime("--since", "2026-11-01", now), Date.parse("2026-11-01T00:00:00Z"));
    assert.throws(() => parseTime("--since", "soon", now), { code: "OPTION_INVALID", message: /--since.*got soon/ });
  });

  it("finds the objects of one stream and of Lambda since a time, oldest first", async () => {
    const { store } = memoryStore([failure(1), failure(2), failure(1, { streamId: "t" })], {
      "aws/lambda/x": "",
      "oversize/s/1": "",
    });
    const keys = async (selection: object) => (await selectObjects(store, selection)).map(({ key }) => key);
    assert.deepEqual(await keys({}), [
      "aws/lambda/x",
      "failures/s/k1.json",
      "failures/s/k2.json",
      "failures/t/k1.json",
    ]);
    assert.deepEqual(await keys({ stream: "s", since: 3 }), ["failures/s/k2.json"]);
  });
});

describe("discard", () => {
  const discard = (store: FailureStore, objects: readonly FailureObject[], stream?: string) => {
    const unreadable: string[] = [];
    const rewriting = {
      store,
      handle: async (failures: readonly Failure[]) => failures.map(() => undefined),
      onUnreadable: (key: string) => void unreadable.push(key),
    };
    return rewriteObjects(objects, stream, rewriting).then(() => unreadable);
  };

  it("deletes the selected events, keeps the others of the same object, and finds none the second time", async () => {
    const { store, objects } = memoryStore([failure(1)], {
      "aws/lambda/m/1": lambdaObject(record(2), record(3, { streamId: "t" })),
    });
    await discard(store, await selectObjects(store, { stream: "s" }), "s");
    assert.deepEqual([...objects.keys()], ["failures/t/k3.json"]);
    await discard(store, await selectObjects(store, { stream: "s" }), "s");
    assert.deepEqual([...objects.keys()], ["failures/t/k3.json"]);
  });

  it("leaves what it cannot read", async () => {
    const { store, objects } = memoryStore([], { "failures/s/x.json": "{" });
    assert.deepEqual(await discard(store, await selectObjects(store, {})), ["failures/s/x.json"]);
    assert.equal(objects.size, 1);
  });

  it("needs a selection", async () => {
    const { err, exitCode } = await runCommand(addFailures, "failures", "discard", "--bucket", "b");
    assert.match(err.join(), /Expected objects, --stream, --since or --all, got none of them\./);
    assert.equal(exitCode, 1);
  });
});

describe("a redrive or discard of many objects", () => {
  it("reports its progress, and after an interruption ends the running batch and begins no other one", async () => {
    const { store, objects } = memoryStore(Array.from({ length: 250 }, (_, number) => failure(number)));
    const found = await selectObjects(store, {});
    const interrupted = new AbortController();
    const progress: number[] = [];
    const run = (signal: AbortSignal) =>
      rewriteObjects(found, undefined, {
        ...{ store, signal, onUnreadable: () => {}, onProgress: (done: number) => progress.push(done) },
        async handle(failures) {
          interrupted.abort();
          return failures.map(() => undefined);
        },
      });
    await run(interrupted.signal);
    assert.deepEqual([progress, objects.size], [[100], 150], "what was handled is removed, and nothing else");
    progress.length = 0;
    await run(new AbortController().signal);
    assert.deepEqual([progress.reduce((a, b) => a + b), objects.size], [250, 0]);
  });

  it("prints what is left after a signal, and exits with 1", async () => {
    const lines: string[] = [];
    const codes: number[] = [];
    const terminal = { err: (line: string) => lines.push(line), setExitCode: (code: number) => codes.push(code) };
    const objects = Array.from({ length: 300 }, (_, at) => ({ key: String(at), at }));
    await untilInterrupted(objects, terminal as unknown as Terminal, false, async ({ signal, onProgress }) => {
      onProgress(150);
      process.emit("SIGTERM");
      assert.equal(signal.aborted, true);
    });
    assert.deepEqual(lines, [
      `[${"#".repeat(15)}${".".repeat(15)}] 50% 150 of 300 objects`,
      "Interrupted: 150 of 300 objects are left. Run the command again.",
    ]);
    assert.deepEqual([codes, process.listenerCount("SIGTERM")], [[1], 0]);
  });
});

describe("failures", () => {
  it("has list, show, redrive and discard", () => {
    const program = new Command();
    addFailures(program);
    assert.deepEqual(
      program.commands[0]?.commands.map((command) => command.name()),
      ["list", "show", "redrive", "discard"],
    );
  });
});
