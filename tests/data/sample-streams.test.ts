import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { body, startUpstream, status } from "../fakes/upstream";
import { setUp } from "./harness";

const SAMPLES = join(__dirname, "../../../shared/data");

describe("recorded streams through a relay", () => {
  if (!existsSync(SAMPLES))
    it.skip("stores every distinct line byte for byte (the sample data folder is absent)", () => {});
  else
    for (const file of readdirSync(join(SAMPLES, "ndjson")))
      it(`stores every distinct line byte for byte: ${file}`, async () => {
        const bytes = readFileSync(join(SAMPLES, "ndjson", file));
        const source = await startUpstream(body("application/x-ndjson", bytes), status(204));
        const { relay, store } = setUp(source);
        await relay.run();
        await source.close();
        const lines = new Set(bytes.toString().split(/\r?\n/));
        lines.delete("");
        assert.deepEqual(
          store.events.map((event) => event.data),
          [...lines],
        );
        const { received, stored, repeated } = relay.snapshot().counters;
        assert.equal(received, stored + repeated);
      });
});
