import assert from "node:assert/strict";
import { program, type StartedCloud, startCloud } from "./deployment";
import { type Backend, createBackend, type EngineStack } from "./engine-stack";

describe("StreamIngestion under Pulumi's engine", () => {
  let backend: Backend;
  let engine: StartedCloud;
  let stack: EngineStack;

  before(async () => {
    backend = createBackend();
    engine = await startCloud();
    stack = await backend.stack({ environment: engine.environment });
  });
  after(async () => {
    await engine?.close();
    backend?.remove();
  });

  it("comes up from nothing", async () => {
    const { outputs, steps } = await stack.up(program());
    assert.match(String(outputs.apiUrl), /^http:\/\/127\.0\.0\.1:\d+\/.*\/v1$/);
    assert.ok(steps.every(({ op }) => op === "create"));
    assert.deepEqual(engine.reports, []);
  });

  it("changes nothing at the second up", async () => {
    const { steps } = await stack.up(program());
    assert.deepEqual(steps, []);
  });

  it("goes without a trace", async () => {
    await stack.destroy();
    assert.deepEqual(await stack.resources(), []);
    assert.equal(engine.count(), 0);
  });
});
