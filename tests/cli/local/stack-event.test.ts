import assert from "node:assert/strict";
import { stackEventReader } from "../../../cli/local/stack-event";
import { count, NO_TOTALS } from "../../../cli/local/totals";
import { HOP_EVENT } from "../../../runtime/control/hop/log-events";
import { failureObjectKey } from "../../../runtime/processor/failure";

const owners = { eventTables: new Set(["events"]), instanceOf: () => "prices", processors: new Set(["p"]) };
const read = stackEventReader(owners);
const keys = { streamId: "s#3", key: "k" };
const record = (eventName: "INSERT" | "MODIFY" | "REMOVE", table = "events") =>
  read({ kind: "record", at: 5, table, eventName, keys, requestId: "r" });
const log = (line: string) => read({ kind: "log", at: 5, functionName: "manager", line, requestId: "r" });
const origin = { at: 5, instance: "prices", requestId: "r" };
const delivered = (failed: readonly number[], ...records: readonly { eventName: string; keys: typeof keys }[]) =>
  ({ kind: "delivered", at: 5, functionName: "p", requestId: "r", records, failed }) as const;
const insert = { eventName: "INSERT", keys };
const call = (action: string, resource: string, status = 200) =>
  ({ kind: "call", at: 5, caller: "p", action, resource, allowed: status === 200, status, requestId: "r" }) as const;

describe("stackEvents", () => {
  it("reads an insert as stored, a modification as overwritten, a removal as nothing", () => {
    assert.deepEqual(record("INSERT"), [{ kind: "stored", ...origin, streamId: "s", key: "k", image: undefined }]);
    assert.deepEqual(record("MODIFY"), [{ kind: "overwritten", ...origin, streamId: "s", key: "k" }]);
    assert.deepEqual(record("REMOVE"), []);
  });

  it("ignores other tables", () => {
    assert.deepEqual(record("INSERT", "connections"), []);
  });

  it("maps each record of a delivery, and failures by their index", () => {
    const events = read(delivered([1], insert, insert));
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ["processed", "delivery-failed"],
    );
  });

  it("leaves out what the repeat counter receives", () => {
    assert.deepEqual(read(delivered([], { eventName: "MODIFY", keys })), []);
  });

  it("does not map an event to processed when the same invocation stored it in the failure bucket", () => {
    read(call("s3:PutObject", `arn:aws:s3:::bucket/${failureObjectKey({ streamId: "s", key: "k" })}`));
    const other = { ...insert, keys: { ...keys, key: "other" } };
    assert.deepEqual(read(delivered([], insert, other)), [
      { kind: "processed", ...origin, streamId: "s", key: "other" },
    ]);
    assert.deepEqual(
      read(delivered([], insert)).map(({ kind }) => kind),
      ["processed"],
      "delivered again, and handled",
    );
  });

  it("maps what Lambda gave up on to a stored failure, or to a lost event", () => {
    const kinds = (kept: boolean) =>
      read({ kind: "discarded", at: 5, functionName: "p", records: [insert], kept }).map(({ kind }) => kind);
    assert.deepEqual([...kinds(true), ...kinds(false)], ["failure-stored", "lost"]);
  });

  it("counts the events of a pack, without those that failed and were stored one by one", () => {
    const reader = stackEventReader({ eventTables: new Set(["events"]) });
    const pack = { streamId: "s", key: "p#1" };
    const stored = reader({
      kind: "record",
      at: 1,
      table: "events",
      eventName: "INSERT",
      keys: pack,
      image: { n: { N: "40" } },
    });
    const failure = failureObjectKey({
      streamId: "s",
      key: "k",
      event: { type: "message", data: "", receivedAt: 1, sequence: "1.1.7", packed: true },
    });
    reader(call("s3:PutObject", `arn:aws:s3:::bucket/${failure}`));
    const handled = reader(delivered([], { eventName: "INSERT", keys: pack }));
    assert.deepEqual(
      [...stored, ...handled].map((event) => [event.kind, "events" in event && event.events]),
      [
        ["stored", 40],
        ["processed", 39],
      ],
    );
    const totals = [...stored, ...handled].reduce(count, NO_TOTALS);
    assert.deepEqual([totals.stored, totals.processed], [40, 39]);
  });

  it("counts the events of a pack that cannot be decoded, or that Lambda gave up on", () => {
    const pack = { streamId: "s", key: "p#1" };
    const image = { n: { N: "3" } };
    const failure = call("s3:PutObject", `arn:aws:s3:::bucket/${failureObjectKey(pack)}`);
    const discarded = { kind: "discarded", at: 5, functionName: "p", records: [{ ...insert, keys: pack }] } as const;
    for (const [ending, name] of [
      [[failure, delivered([], { ...insert, keys: pack })], "failuresStored"],
      [[{ ...discarded, kept: true }], "failuresStored"],
      [[{ ...discarded, kept: false }], "lost"],
    ] as const) {
      const reader = stackEventReader(owners);
      const stored = { kind: "record", at: 1, table: "events", eventName: "INSERT", keys: pack, image } as const;
      const totals = [stored, ...ending].flatMap(reader).reduce(count, NO_TOTALS);
      assert.deepEqual(totals, { ...NO_TOTALS, stored: 3, [name]: 3 });
    }
  });

  it("maps a process that could not load its code", () => {
    const error = { errorType: "Error", errorMessage: "no key" };
    const init = { kind: "init", at: 5, functionName: "p", pid: 1 } as const;
    assert.deepEqual(read({ ...init, error }), [
      { kind: "init-failed", at: 5, instance: "prices", functionName: "p", error },
    ]);
    assert.deepEqual(
      read(init).map(({ kind }) => kind),
      ["initialised"],
    );
  });

  it("maps a call that is not allowed", () => {
    assert.deepEqual(read(call("s3:PutObject", "arn:aws:s3:::other/a", 403)), [
      { kind: "denied", ...origin, caller: "p", action: "s3:PutObject", resource: "arn:aws:s3:::other/a" },
    ]);
  });

  it("finds hops that did not keep up: without a successor, without their lease, or ended by Lambda", () => {
    const left = (reason: string) =>
      log(JSON.stringify({ event: HOP_EVENT.left, streamId: "s", reason })).map(({ kind }) => kind);
    for (const reason of ["no-successor", "lease-lost"]) assert.deepEqual(left(reason), ["log", "hop-late"], reason);
    assert.deepEqual(left("handed-over"), ["log"]);
    const ended = (phase: "timeout" | "end", functionName = "m") =>
      read({ kind: "invocation", at: 5, functionName, requestId: "r", phase });
    assert.deepEqual(ended("timeout"), [{ kind: "hop-late", ...origin, functionName: "m" }]);
    assert.deepEqual(ended("timeout", "p"), [], "a processor is not a hop");
    assert.deepEqual(ended("end"), []);
  });

  it("maps an object that the processor wrote to the failure bucket, and no other call", () => {
    const object = failureObjectKey({ streamId: "a:b", key: "k 1" });
    const put = call("s3:PutObject", `arn:aws:s3:::bucket/${object}`);
    assert.deepEqual(read(put), [{ kind: "failure-stored", ...origin, streamId: "a:b", key: "k 1" }]);
    assert.deepEqual(read({ ...put, caller: "operator", requestId: undefined }), []);
    assert.deepEqual(read(call("s3:PutObject", "arn:aws:s3:::bucket/oversize/a/k")), []);
    assert.deepEqual(read(call("s3:GetObject", `arn:aws:s3:::bucket/${object}`)), []);
  });

  it("finds hops and handovers in the connection manager's log", () => {
    assert.deepEqual(
      log(JSON.stringify({ event: HOP_EVENT.hopStart })).map(({ kind }) => kind),
      ["log", "hop"],
    );
    const handover = { event: HOP_EVENT.handover, streamId: "s", mode: "overlap", gapMs: -40 };
    assert.deepEqual(log(JSON.stringify(handover))[1], {
      kind: "handover",
      ...origin,
      streamId: "s",
      mode: "overlap",
      gapMs: -40,
    });
  });

  it("passes other lines on unchanged and omits metrics", () => {
    assert.deepEqual(
      log("{ not json").map(({ kind }) => kind),
      ["log"],
    );
    assert.deepEqual(log(`{"_aws":{"CloudWatchMetrics":[{"Namespace":"StreamIngestion"}]}}`), []);
  });
});
