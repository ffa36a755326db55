import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Summary } from "../../cli/local/reporter";
import { type Counters, unaccounted } from "../../runtime/contract";
import { type Feeds, startFeeds } from "../fakes/feeds";
import { startUpstream, type Upstream } from "../fakes/upstream";
import { programFolder } from "../local/evaluate/program-folder";
import { type LocalProcess, startLocal } from "./local-process";

const ROOT = resolve(__dirname, "../..");
const STREAMS = ["first", "second"];
const PROGRAM = {
  "index.ts": `import * as pulumi from "@pulumi/pulumi";
    import { StreamIngestion } from "${ROOT}/components/index";
    new StreamIngestion("kept", {
      source: { url: new pulumi.Config().require("url"), path: "/{streamId}" },
      processor: { entry: "./processor.ts" },
      streams: ${JSON.stringify(STREAMS)},
    });`,
  "processor.ts": `import { eachEvent } from "${ROOT}/runtime/processor/index";
    export const handler = eachEvent(() => {});`,
};
/** New events of each stream before a run ends. */
const EVENTS = 40;

describe("local runs that keep their data", () => {
  let feeds: Feeds;
  let upstream: Upstream;
  let running: LocalProcess | undefined;
  const folder = programFolder(PROGRAM);
  const dataDir = mkdtempSync(join(tmpdir(), "kept-"));

  before(async () => {
    feeds = startFeeds({ eventsPerSecond: 20 });
    upstream = await startUpstream(feeds.answer);
  });
  after(async () => {
    await running?.stop("SIGKILL");
    feeds.close();
    await upstream.close();
    folder.remove();
    rmSync(dataDir, { recursive: true, force: true });
  });

  /** Ends a run by a signal in the middle of it, while events arrive. */
  const run = async (signal: NodeJS.Signals) => {
    const options = { program: folder.path, config: `url=${upstream.url}`, "data-dir": dataDir, "hop-seconds": "20" };
    running = startLocal(Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]));
    const stored = new Map(STREAMS.map((id) => [id, 0]));
    await running.line((line) => {
      const { kind, streamId } = line as { kind: string; streamId?: string };
      // Not those processed: after a kill, the next run delivers the last events again.
      if (kind === "stored") stored.set(streamId!, stored.get(streamId!)! + 1);
      return [...stored.values()].every((count) => count >= EVENTS);
    });
    const code = await running.stop(signal);
    // Lines of functions that end can follow the summary.
    return { code, summary: running.lines.findLast(({ kind }) => kind === "summary") as unknown as Summary };
  };
  const sum = (all: readonly { readonly counters: Counters }[], name: keyof Counters) =>
    all.reduce((total, { counters }) => total + counters[name], 0);

  it("account for every event of each stream, and each for its own events, also after a run that was killed", async () => {
    await run("SIGKILL");
    const ended = [await run("SIGINT"), await run("SIGTERM")];
    for (const { code, summary } of ended) {
      assert.equal(code, 0, JSON.stringify(summary.problems));
      assert.deepEqual(summary.problems, []);
      assert.equal(unaccounted(summary.counters), 0);
      for (const { streamId, counters } of summary.streams) assert.equal(unaccounted(counters), 0, streamId);
      assert.ok(summary.counters.stored >= STREAMS.length * EVENTS);
    }
    const [second, third] = ended.map(({ summary }) => summary);
    assert.equal(
      sum(third!.streams, "stored"),
      sum(second!.streams, "stored") + third!.counters.stored,
      "the last run counts what it added",
    );
  });
});
