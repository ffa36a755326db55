import assert from "node:assert/strict";
import { processorLoading } from "../../../cli/local/processor-loading";

describe("the processors of a run", () => {
  const error = { errorType: "Error", errorMessage: "no key" };
  const failed = (functionName: string) =>
    ({ kind: "init-failed", at: 0, instance: "prices", functionName, error }) as const;
  const loaded = (functionName: string) => ({ kind: "initialised", at: 0, instance: "prices", functionName }) as const;

  it("were never loaded when each attempt failed, whatever the other functions of their instance do", () => {
    const loading = processorLoading(new Set(["processor"]));
    for (const event of [loaded("manager"), failed("processor"), loaded("watchdog")]) loading.add(event);
    assert.deepEqual([...loading.neverLoaded()], [["prices", "Error: no key"]]);
  });

  it("were loaded when one attempt succeeded, before or after the others", () => {
    const loading = processorLoading(new Set(["processor"]));
    for (const event of [failed("processor"), loaded("processor"), failed("processor")]) loading.add(event);
    assert.deepEqual([...loading.neverLoaded()], []);
  });
});
