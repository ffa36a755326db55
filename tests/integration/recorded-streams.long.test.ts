import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { type Answer, pieces, startUpstream } from "../fakes/upstream";
import { programFolder } from "../local/evaluate/program-folder";
import { type Line, type LocalProcess, startLocal } from "./local-process";

const ROOT = resolve(__dirname, "../..");
const DATA = resolve(ROOT, "../shared/data");

const MODES = ["each", "packed"] as const;

/** A component for each storage mode, with a stream of the mode's name, and a processor that prints its events. */
const program = (packedEvents: string) => ({
  "index.ts": `import * as pulumi from "@pulumi/pulumi";
    import { StreamIngestion } from "${ROOT}/components/index";
    const args = {
      source: { url: new pulumi.Config().require("url"), path: "/{streamId}" },
      processor: { entry: "./processor.ts" },
    };
    new StreamIngestion("each", { ...args, streams: ["each"] });
    new StreamIngestion("packed", { ...args, streams: ["packed"], events: { storage: "packed", ${packedEvents} } });`,
  "processor.ts": `import { eachEvent } from "${ROOT}/runtime/processor/index";
    export const handler = eachEvent(({ streamId, type, data }) => {
      console.log(JSON.stringify({ handled: streamId, type, data: Buffer.from(data).toString("base64") }));
    });`,
});

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

/** What a processor printed. */
function handledOf({ kind, line }: Line): { readonly mode: string; readonly event: string } | undefined {
  if (kind !== "log" || !String(line).startsWith(`{"handled"`)) return undefined;
  const { handled: mode, type, data } = JSON.parse(String(line)) as Record<string, string>;
  return { mode: mode!, event: `${type} ${Buffer.from(data!, "base64").toString()}` };
}

/**
 * Sends the body on both connections of a handover, when the second one is open: packs recognize an event that a connection sends again
 * within ten seconds only.
 */
function atHandover(contentType: string, bytes: Buffer): Answer {
  let open = () => {};
  const isOpen = new Promise<void>((resolve) => {
    open = resolve;
  });
  const send = pieces(contentType, bytes, isOpen);
  return (response, request, visit) => {
    if (visit > 0) open();
    send(response, request, visit);
  };
}

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

  // Each connection sends the whole recording. A pack has no event twice only where the source identifies its events.
  const recordings = [
    {
      file: "sse/betfair-BASIC-480-reframed.sse",
      contentType: "text/event-stream",
      parse: sseEvents,
      packedEvents: "",
    },
    {
      file: "ndjson/betfair-BASIC-1.132153978-480.ndjson",
      contentType: "application/x-ndjson",
      parse: lineEvents,
      packedEvents: 'identity: { kind: "pointer", pointer: "/clk" }',
    },
  ];
  for (const { file, contentType, parse, packedEvents } of recordings) {
    it(`delivers every event of ${file} to the processor once, byte for byte, over a handover, in both storage modes`, async () => {
      const body = readFileSync(resolve(DATA, file));
      const expected = parse(body.toString()).map(({ type, data }) => `${type} ${data}`);
      assert.equal(new Set(expected).size, expected.length, "no event of the recording repeats");
      const upstream = await startUpstream(pieces(contentType, body));
      upstream.on("packed", atHandover(contentType, body));
      const folder = programFolder(program(packedEvents));
      cleanups.push(upstream.close, folder.remove);

      running = startLocal(["--program", folder.path, "--config", `url=${upstream.url}`, "--hop-seconds", "30"]);
      const { line } = running;
      await Promise.all(
        MODES.flatMap((mode) => {
          let events = 0;
          return [
            line((one) => handledOf(one)?.mode === mode && ++events === expected.length),
            line(({ kind, streamId }) => kind === "handover" && streamId === mode),
          ];
        }),
      );
      const code = await running.stop();

      assert.equal(code, 0);
      const all = running.lines.flatMap((one) => handledOf(one) ?? []);
      const handled = (of: string) => all.filter(({ mode }) => mode === of).map(({ event }) => event);
      assert.deepEqual(handled("each").sort(), [...expected].sort());
      assert.deepEqual(handled("packed"), expected, "packs keep the order");
      for (const mode of MODES) assert.ok(upstream.requestsOf(mode).length >= 2);
      // Lines of functions that end can follow it.
      assert.ok(running.lines.some(({ kind }) => kind === "summary"));
    });
  }
});
