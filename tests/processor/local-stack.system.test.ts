import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readFailureObject } from "pulumi-stream-ingestion/internal";
import { eventually } from "../local/event-log";
import { type ProcessorStack, startProcessorStack } from "./processor-stack";
import type { Instruction } from "./program/processor";

const instruction = (what: Instruction) => JSON.stringify(what);
const log = (n: number) => JSON.stringify({ n });

import { reasonWithoutStack } from "./builders";

describe("a processor on the local stack", () => {
  let local: ProcessorStack;
  let folder: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "processor-"));
    local = await startProcessorStack();
  });
  after(async () => {
    await local?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const keys = (streamId: string) => local.handled(streamId).map(({ handled }) => handled);
  const handledAll = (streamId: string, ...expected: string[]) =>
    local.until(`${expected} handled`, () => expected.every((key) => keys(streamId).includes(key)));
  const failure = async (streamId: string, key: string) => {
    const text = (await local.objects(`failures/${streamId}/`)).get(`failures/${streamId}/${key}.json`);
    return text === undefined ? undefined : readFailureObject(text)[0];
  };

  it("handles the events around a failing one once, and stores the failure with its payload", async () => {
    const poison = instruction({ do: "throw" });
    await local.store("poison", [log(1), poison, log(3)]);
    await handledAll("poison", "poison-1", "poison-3");
    await local.store("after", [log(1)]);
    await handledAll("after", "after-1");
    assert.deepEqual(keys("poison"), ["poison-1", "poison-3"]);
    const kept = await failure("poison", "poison-2");
    assert.equal(kept?.event?.data, poison);
    assert.deepEqual(kept && reasonWithoutStack(kept.error), { code: "REQUESTED", message: "requested failure" });
    assert.equal(kept?.attempts, 3);
    assert.equal((await local.objects("failures/poison/")).size, 1);
  });

  it("handles an event whose third attempt succeeds, and stores no failure", async () => {
    await local.store("third", [instruction({ do: "throw-until", attempt: 3 })]);
    await handledAll("third", "third-1");
    assert.equal((await local.objects("failures/third/")).size, 0);
  });

  it("handles a batch that is delivered twice a second time, with the same keys", async () => {
    local.stack.cloud.faults.add({ match: { action: "lambda:DeliverBatch" }, effect: { kind: "repeat" }, times: 1 });
    await local.store("repeat", [log(1), log(2)]);
    await local.until("two deliveries", () => keys("repeat").length === 4);
    assert.deepEqual(keys("repeat"), ["repeat-1", "repeat-2", "repeat-1", "repeat-2"]);
  });

  it("loses nothing when its process is killed in the middle of a batch", async () => {
    await local.store("killed", [log(1), instruction({ do: "die-once", file: join(folder, "died") }), log(3)]);
    await handledAll("killed", "killed-1", "killed-2", "killed-3");
    assert.equal((await local.objects("failures/killed/")).size, 0);
  });

  it("stores a failure for a handler that never ends, before Lambda's timeout, and continues with the next event", async () => {
    await local.store("hang", [instruction({ do: "hang" }), log(2)]);
    await handledAll("hang", "hang-2");
    assert.equal((await failure("hang", "hang-1"))?.error.code, "PROCESSOR_TIMEOUT");
    assert.deepEqual(keys("hang"), ["hang-2"]);
  });

  it("leaves a blocking handler to Lambda, which stores the event and continues with the next", async () => {
    const blocking = instruction({ do: "block" });
    await local.store("block", [blocking, log(2)]);
    await handledAll("block", "block-2");
    const objects = [...(await local.objects("aws/lambda/")).values()].flatMap(readFailureObject);
    assert.deepEqual(
      objects.map(({ key, event, error }) => [key, event?.data, error.code]),
      [["block-1", blocking, "RetryAttemptsExhausted"]],
    );
    const activeAlarms = await local.activeAlarms();
    assert.ok(
      activeAlarms.some((name) => name.includes("processor-discarded")),
      String(activeAlarms),
    );
    assert.ok(!activeAlarms.some((name) => name.includes("processor-dropped")), String(activeAlarms));
  });

  it("passes an event that is too large for an item", async () => {
    const large = Buffer.from(randomBytes(450_000).toString("base64"));
    await local.store("large", [large.toString()]);
    await handledAll("large", "large-1");
    const [event] = local.handled("large");
    assert.deepEqual([event?.size, event?.binary], [large.length, false]);
    assert.equal(event?.bytes, large.toString("base64").slice(0, 64));
  });

  it("passes bytes that are not UTF-8 unchanged", async () => {
    const bytes = Buffer.from([0x7b, 0xff, 0xfe, 0x7d]);
    await local.store("bytes", [bytes]);
    await handledAll("bytes", "bytes-1");
    assert.deepEqual(local.handled("bytes"), [
      { handled: "bytes-1", bytes: bytes.toString("base64"), size: 4, binary: true },
    ]);
  });

  it("redrives failed events once after a fix, and a second run finds only those that still fail", async () => {
    const { bucketName, processorArn } = local.stack.outputs as Record<string, string>;
    const fix = join(folder, "fixed");
    await local.store("redrive", [instruction({ do: "throw", file: fix }), log(2), instruction({ do: "throw" })]);
    await eventually("two failures", async () => (await local.objects("failures/redrive/")).size === 2 || undefined);
    const redrive = () =>
      local.cli("failures", "redrive", "--stream", "redrive", "--bucket", bucketName!, "--function", processorArn!);

    const list = await local.cli("failures", "list", "--json", "--stream", "redrive", "--bucket", bucketName!);
    const listed = list.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(listed.map(({ key }) => key).sort(), ["redrive-1", "redrive-3"]);

    const show = await local.cli("failures", "show", "failures/redrive/redrive-1.json", "--bucket", bucketName!);
    assert.equal(JSON.parse(show.stdout).event.data, instruction({ do: "throw", file: fix }));

    writeFileSync(fix, "");
    const first = await redrive();
    assert.equal(first.stdout, "1 processed and removed, 1 failed again\n", first.stderr);
    assert.match(first.stderr, /redrive redrive-3 failed again: REQUESTED: requested failure/);
    assert.equal(first.code, 1);
    await handledAll("redrive", "redrive-1");
    assert.equal((await failure("redrive", "redrive-3"))?.attempts, 4);

    const second = await redrive();
    assert.equal(second.stdout, "0 processed and removed, 1 failed again\n");
    assert.deepEqual(keys("redrive").sort(), ["redrive-1", "redrive-2"]);
    const missing = await local.cli("failures", "show", "failures/redrive/redrive-1.json", "--bucket", bucketName!);
    assert.deepEqual([missing.code, missing.stdout], [3, ""]);
    const other = await local.cli("failures", "list", "--stream", "poison", "--bucket", bucketName!);
    assert.match(other.stdout, /REQUESTED: requested failure/);
  });

  it("reports an AWS error in one line, as JSON with --json", async () => {
    const { code, stdout, stderr } = await local.cli("failures", "list", "--json", "--bucket", "nobodys");
    assert.deepEqual([code, stdout], [1, ""]);
    const { code: errorCode, message } = JSON.parse(stderr);
    assert.equal(errorCode, "NO_SUCH_BUCKET");
    assert.match(message, /--bucket/);
  });
});
