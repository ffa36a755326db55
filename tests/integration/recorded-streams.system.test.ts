import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pieces, startUpstream } from "../fakes/upstream";
import { programFolder } from "../local/evaluate/program-folder";
import { type LocalProcess, startLocal } from "./local-process";

const ROOT = resolve(__dirname, "../..");
const DATA = resolve(ROOT, "../shared/data");

/** A program with this component and a processor that prints its events. */
const PROGRAM = {
  "index.ts": `import * as pulumi from "@pulumi/pulumi";
    import { StreamIngestion } from "${ROOT}/components/index";
    const config = new pulumi.Config();
    const ingestion = new StreamIngestion("recorded", {
      source: { url: config.require("url"), path: "/{streamId}" },
      processor: { entry: "./processor.ts" },
      streams: ["recording"],
    });
    export const apiUrl = ingestion.apiUrl;`,
  "processor.ts": `import { eachEvent } from "${ROOT}/runtime/processor/index";
    export const handler = eachEvent((event) => {
      console.log(JSON.stringify({ handled: event.key, type: event.type, data: Buffer.from(event.data).toString("base64") }));
    });`,
};

/** The events of the recordings, parsed without the product's decoders: both use the simplest form of their format. */
const sseEvents = (body: string) =>
  body.split("\n\n").flatMap((block) => {
    const field = (name: string) => block.match(new RegExp(`^${name}: (.*)$`, "m"))?.[1];
    const data = field("data");
    return data === undefined ? [] : [{ type: field("event") ?? "message", data }];
  });
const lineEvents = (body: string) =>
  body
    .split("\n")
    .filter((line) => line !== "")
    .map((data) => ({ type: "message", data }));

describe("a recorded stream through `stream-ingestion local`", () => {
  let running: LocalProcess | undefined;
  const cleanups: (() => unknown)[] = [];
  before(function () {
    if (!existsSync(DATA)) {
      console.log(`      (no recordings at ${DATA})`);
      this.skip();
    }
  });
  afterEach(async () => {
    await running?.stop("SIGKILL");
    running = undefined;
    for (const cleanup of cleanups.splice(0)) await cleanup();
  });

  const recordings = [
    { file: "sse/betfair-BASIC-480-reframed.sse", contentType: "text/event-stream", parse: sseEvents },
    { file: "ndjson/betfair-BASIC-1.132153978-480.ndjson", contentType: "application/x-ndjson", parse: lineEvents },
  ];
  for (const { file, contentType, parse } of recordings) {
    it(`delivers every event of ${file} to the processor once, byte for byte, over a handover`, async () => {
      const body = readFileSync(resolve(DATA, file));
      const expected = [...new Set(parse(body.toString()).map(({ type, data }) => `${type} ${data}`))].sort();
      const upstream = await startUpstream(pieces(contentType, body));
      const folder = programFolder(PROGRAM);
      cleanups.push(upstream.close, folder.remove);

      running = startLocal(["--program", folder.path, "--config", `url=${upstream.url}`, "--hop-seconds", "15"]);
      let processed = 0;
      await Promise.all([
        running.line(({ kind }) => kind === "processed" && ++processed === expected.length),
        running.line(({ kind }) => kind === "handover"),
      ]);
      const code = await running.stop();

      assert.equal(code, 0);
      const handled = running.lines.flatMap((line) => {
        if (line.kind !== "log" || !String(line.line).startsWith(`{"handled"`)) return [];
        const { type, data } = JSON.parse(String(line.line)) as { type: string; data: string };
        return [`${type} ${Buffer.from(data, "base64").toString()}`];
      });
      assert.deepEqual(handled.sort(), expected);
      assert.ok(upstream.requests.length >= 2);
      assert.equal(running.lines.at(-1)?.kind, "summary");
    });
  }
});
