import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join, resolve } from "node:path";
import { startServer } from "../../fakes/http-server";
import { type Line, type LocalProcess, startLocal } from "../../integration/local-process";
import { programFolder } from "../../local/evaluate/program-folder";

const ROOT = resolve(__dirname, "../../..");
/** @param last further source text */
const program = (streams: readonly string[], last = "") => `import { StreamIngestion } from "${ROOT}/components/index";
  import * as pulumi from "@pulumi/pulumi";
  new StreamIngestion("prices", {
    source: { url: new pulumi.Config().require("url"), path: "/{streamId}", format: "lines" },
    processor: { entry: "./processor.ts" },
    streams: ${JSON.stringify(streams)},
  });
  ${last}`;
/** Prints its version with each event. @param wait runs before that */
const processor = (version: number, wait = "") => `import { eachEvent } from "${ROOT}/runtime/processor/index";
  export const handler = eachEvent(async (event) => {
    ${wait}
    console.log("version ${version} " + event.data);
  });`;

/** Streams to which the test sends events, and a gate at which a processor or a program waits. */
async function startUpstream() {
  const streams = new Map<string, ServerResponse>();
  const opened = new Map<string, () => void>();
  const connections = new Map<string, number>();
  let atGate = (_: ServerResponse) => {};
  const server = await startServer((request, response) => {
    const path = request.url!.slice(1);
    if (path === "gate") return atGate(response);
    response.writeHead(200, { "content-type": "application/x-ndjson" }).write("\n");
    streams.set(path, response);
    connections.set(path, (connections.get(path) ?? 0) + 1);
    opened.get(path)?.();
  });
  let sent = 0;
  return {
    ...server,
    sent: () => sent,
    send(streamId = "a"): string {
      const data = `{"n":${++sent}}`;
      streams.get(streamId)!.write(`${data}\n`);
      return data;
    },
    opened: (streamId: string) =>
      streams.has(streamId) ? Promise.resolve() : new Promise<void>((open) => opened.set(streamId, open)),
    connections: (streamId: string) => connections.get(streamId),
    gate: () => new Promise<ServerResponse>((waiting) => (atGate = waiting)),
  };
}

describe("edits while `stream-ingestion local` runs", () => {
  let upstream: Awaited<ReturnType<typeof startUpstream>>;
  let folder: ReturnType<typeof programFolder>;
  let local: LocalProcess;
  before(async () => {
    upstream = await startUpstream();
    folder = programFolder({ "index.ts": program(["a"]), "processor.ts": processor(1) });
    // The watchdog, which starts declared streams, runs every 8 s instead of every minute.
    local = startLocal(["--program", folder.path, "--config", `url=${upstream.url}`, "--hop-seconds", "120"]);
    await upstream.opened("a");
    assert.equal(await served(), 1);
  });
  after(async () => {
    await local.stop("SIGKILL");
    await upstream.close();
    folder.remove();
  });

  const edit = (content: string, file = "processor.ts") => writeFileSync(join(folder.path, file), content);
  const isLog = (text: RegExp) => (line: Line) => line.kind === "log" && text.test(String(line.line));
  /** The first line after this call that matches. */
  const next = (matches: (line: Line) => boolean) => {
    const from = local.lines.length;
    return local.line((line) => local.lines.indexOf(line) >= from && matches(line));
  };
  const updated = () => next(({ kind }) => kind === "updated");
  const loaded = () =>
    next(({ kind, functionName }) => kind === "initialised" && /processor/.test(String(functionName)));
  const refused = () => next(({ kind, text }) => kind === "note" && /^The edit is not applied/.test(String(text)));
  /** Sends an event. Resolves to the version of the code that processed it. */
  async function served(streamId = "a"): Promise<number> {
    const data = upstream.send(streamId);
    const { line } = await local.line(isLog(new RegExp(`version \\d+ ${data}`)));
    return Number(/version (\d+)/.exec(String(line))![1]);
  }
  const handovers = (streamId: string) =>
    local.lines.filter((line) => line.kind === "handover" && line.streamId === streamId).length;
  /** Applies an edit of the processor, and waits until its code can serve. */
  async function apply(content: string): Promise<void> {
    const applied = loaded();
    edit(content);
    await applied;
  }

  it("serves the next event by the edited processor", async () => {
    await apply(processor(2));
    assert.equal(await served(), 2);
  });

  it("keeps the code that runs when the processor does not compile, and names file and line", async () => {
    const note = refused();
    edit(`${processor(3)}\nexport const = 1;`);
    assert.match(String((await note).text), /what ran before still runs: .*processor\.ts:6:14: /s);
    assert.equal(await served(), 2);
  });

  it("keeps the code that runs when the processor is deleted, and names the path that it tried", async () => {
    const note = refused();
    rmSync(join(folder.path, "processor.ts"));
    assert.match(String((await note).text), /"\.\/processor\.ts" does not exist\. Tried .*processor\.ts\./);
    assert.equal(await served(), 2);
    await apply(processor(4));
    assert.equal(await served(), 4);
  });

  it("starts a stream that the edited program declares, and keeps the others connected", async () => {
    edit(program(["a", "b"]), "index.ts");
    await Promise.all([updated(), upstream.opened("b")]);
    assert.deepEqual([await served("a"), await served("b")], [4, 4]);
    assert.equal(upstream.connections("a"), 1 + handovers("a"));
  });

  it("ends a running batch with the code that began it", async () => {
    await apply(processor(5, `await fetch("${upstream.url}/gate");`));
    const gate = upstream.gate();
    const began = served();
    const waiting = await gate;
    await apply(processor(6));
    const later = served();
    waiting.end();
    assert.deepEqual([await began, await later], [5, 6]);
  });

  it("serves by the last of two edits in quick succession", async () => {
    const both = next(({ kind }) => kind === "updated");
    edit(processor(7));
    edit(processor(8));
    await both;
    while ((await served()) < 8);
    assert.equal(await served(), 8);
  });

  it("has processed each event once, and interrupted no stream", () => {
    const data = local.lines
      .filter(isLog(/version \d+ /))
      .map(({ line }) => String(line).replace(/^.*version \d+ /, ""));
    assert.equal(data.length, upstream.sent());
    assert.equal(new Set(data).size, upstream.sent());
    assert.deepEqual(
      local.lines.filter(({ kind }) => ["delivery-failed", "failure-stored", "lost", "hop-late"].includes(kind)),
      [],
    );
    for (const streamId of ["a", "b"]) assert.equal(upstream.connections(streamId), 1 + handovers(streamId), streamId);
  });

  it("ends by SIGTERM with exit code 0 while an edit is being applied, also when a new stream has not run yet", async () => {
    const declared = updated();
    edit(program(["a", "b", "c"]), "index.ts");
    await declared;
    const evaluated = upstream.gate();
    // The update waits for this output of the stack.
    edit(program(["a", "b", "c"], `export const answer = fetch("${upstream.url}/gate").then(() => {});`), "index.ts");
    await evaluated;
    const before = local.lines.length;
    const startedAt = Date.now();
    assert.equal(await local.stop("SIGTERM"), 0);
    console.log(`      ended ${Date.now() - startedAt} ms after SIGTERM`);
    const kinds = local.lines.slice(before).map(({ kind }) => kind);
    assert.ok(!kinds.includes("updated"), kinds.join());
    assert.ok(!local.lines.slice(before).some(({ text }) => /not applied/.test(String(text))));
    assert.equal(kinds.at(-1), "summary");
  });
});
