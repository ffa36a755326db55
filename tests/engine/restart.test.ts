import assert from "node:assert/strict";
import { join } from "node:path";
import { type SampleUpstream, startSampleUpstream } from "../../cli/local/sample/sample-upstream";
import { readStoredEvents } from "../../cli/local/stored-events";
import { program, type StartedCloud, startCloud } from "./deployment";
import { type Backend, createBackend } from "./engine-stack";

describe("a restarted local cloud under the Pulumi engine", () => {
  let backend: Backend;
  let upstream: SampleUpstream;
  let engine: StartedCloud;
  before(async () => {
    backend = createBackend();
    upstream = await startSampleUpstream();
  });
  after(async () => {
    await engine?.close();
    await upstream?.close();
    backend?.remove();
  });

  it("continues after the next up with the same names, the stored events, and new ones", async () => {
    const dataDir = join(backend.folder, "data");
    const streaming = program({
      source: { url: upstream.url, path: upstream.path, key: upstream.key },
      streams: ["EUR_USD"],
    });
    const inserts = () =>
      engine.events.filter((event) => event.kind === "record" && event.eventName === "INSERT").length;

    engine = await startCloud({ hopSeconds: 30, dataDir });
    const first = await backend.stack({ environment: engine.environment });
    const { outputs } = await first.up(streaming);
    const tableName = String(outputs.tableName);
    await engine.until("events", () => inserts() > 20);
    const ids = (await first.resources()).map(({ urn, id }) => `${urn} ${id}`).sort();
    const before = await keys(tableName);
    await engine.close();

    engine = await startCloud({ hopSeconds: 30, dataDir });
    const second = await backend.stack({ environment: engine.environment });
    const { steps } = await second.up(streaming);
    assert.ok(steps.length > 35);
    assert.deepEqual(
      steps.filter(({ op }) => op !== "update" && op !== "refresh").map(({ op, name }) => `${op} ${name}`),
      [],
    );
    assert.deepEqual((await second.resources()).map(({ urn, id }) => `${urn} ${id}`).sort(), ids);
    const after = new Set(await keys(tableName));
    assert.ok(before.length > 20 && before.every((key) => after.has(key)));
    await engine.until("new events", () => inserts() > 20);
    assert.deepEqual((await second.up(streaming)).steps, []);
    await second.destroy();
  });

  async function keys(tableName: string): Promise<string[]> {
    return (await readStoredEvents(engine.cloud, tableName)).map(({ key }) => key);
  }
});
