import assert from "node:assert/strict";
import { stackEvents } from "../../../cli/local/stack-event";
import { HOP_EVENT } from "../../../runtime/control/hop/log-events";
import { failureObjectKey } from "../../../runtime/processor/failure";

const tables = new Set(["events"]);
const keys = { streamId: "s#3", key: "k" };
const record = (eventName: "INSERT" | "MODIFY" | "REMOVE", table = "events") =>
  stackEvents({ kind: "record", at: 0, table, eventName, keys }, tables);
const log = (line: string) => stackEvents({ kind: "log", at: 0, functionName: "manager", line }, tables);

describe("stackEvents", () => {
  it("reads an insert as stored, a modification as overwritten, a removal as nothing", () => {
    assert.deepEqual(record("INSERT"), [{ kind: "stored", streamId: "s", key: "k" }]);
    assert.deepEqual(record("MODIFY"), [{ kind: "overwritten", streamId: "s", key: "k" }]);
    assert.deepEqual(record("REMOVE"), []);
  });

  it("ignores other tables", () => {
    assert.deepEqual(record("INSERT", "connections"), []);
  });

  it("maps each record of a delivery, and failures by their index", () => {
    const records = [keys, keys].map((of) => ({ eventName: "INSERT", keys: of }));
    const events = stackEvents({ kind: "delivered", at: 0, functionName: "p", records, failed: [1] }, tables);
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ["processed", "delivery-failed"],
    );
  });

  it("leaves out what the repeat counter receives", () => {
    const records = [{ eventName: "MODIFY", keys }];
    assert.deepEqual(stackEvents({ kind: "delivered", at: 0, functionName: "r", records, failed: [] }, tables), []);
  });

  it("finds hops that did not keep up: without a successor, without their lease, or ended by Lambda", () => {
    const left = (reason: string) =>
      log(JSON.stringify({ event: HOP_EVENT.left, streamId: "s", reason })).map(({ kind }) => kind);
    for (const reason of ["no-successor", "lease-lost"]) assert.deepEqual(left(reason), ["log", "hop-late"], reason);
    assert.deepEqual(left("handed-over"), ["log"]);
    const ended = (phase: "timeout" | "end") =>
      stackEvents({ kind: "invocation", at: 0, functionName: "m", requestId: "r", phase }, tables);
    assert.deepEqual(ended("timeout"), [{ kind: "hop-late", functionName: "m" }]);
    assert.deepEqual(ended("end"), []);
  });

  it("maps an object that the processor wrote to the failure bucket, and no other call", () => {
    const call = (action: string, resource: string, status = 200) =>
      stackEvents({ kind: "call", at: 0, caller: "p", action, resource, allowed: status === 200, status }, tables);
    const object = failureObjectKey({ streamId: "a:b", key: "k 1" });
    assert.deepEqual(call("s3:PutObject", `arn:aws:s3:::bucket/${object}`), [
      { kind: "failure-stored", streamId: "a:b", key: "k 1" },
    ]);
    assert.deepEqual(call("s3:PutObject", "arn:aws:s3:::bucket/oversize/a/k"), []);
    assert.deepEqual(call("s3:PutObject", `arn:aws:s3:::bucket/${object}`, 403), []);
    assert.deepEqual(call("s3:GetObject", `arn:aws:s3:::bucket/${object}`), []);
  });

  it("finds hops and handovers in the connection manager's log", () => {
    assert.deepEqual(
      log(JSON.stringify({ event: HOP_EVENT.hopStart })).map(({ kind }) => kind),
      ["log", "hop"],
    );
    const handover = { event: HOP_EVENT.handover, streamId: "s", mode: "overlap", gapMs: -40 };
    assert.deepEqual(log(JSON.stringify(handover))[1], {
      kind: "handover",
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
