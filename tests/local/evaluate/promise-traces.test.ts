import assert from "node:assert/strict";
import * as debuggable from "@pulumi/pulumi/runtime/debuggable";
import { omitPromiseTraces } from "../../../local/evaluate/promise-traces";

/** Internal to the SDK: without a type. */
const { debuggablePromise } = debuggable as unknown as {
  debuggablePromise(promise: Promise<unknown>, context: string): unknown;
};

describe("omitPromiseTraces", () => {
  const original = Error.prepareStackTrace;
  afterEach(() => {
    Error.prepareStackTrace = original;
  });

  it("omits the stack traces of Pulumi's promises, and formats those of errors as before", () => {
    let formatted = 0;
    Error.prepareStackTrace = (_error, frames) => {
      formatted++;
      return `mapped from ${frames.length} frames`;
    };
    omitPromiseTraces();
    debuggablePromise(Promise.resolve(), "a registration");
    assert.equal(formatted, 0);
    assert.match(new Error("one").stack!, /^mapped from \d+ frames$/);
    assert.equal(formatted, 1);
  });

  it("changes nothing where the runtime formats stack traces", () => {
    Reflect.set(Error, "prepareStackTrace", undefined);
    omitPromiseTraces();
    assert.equal(Error.prepareStackTrace, undefined);
  });
});
