import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildSync } from "esbuild";
import { handlerOptions } from "../../components/bundle/handlers";
import { MEMORY_ENVIRONMENT } from "../../components/memory-environment";
import { startServer } from "../fakes/http-server";
import type { HopJob, HopResult } from "./hop-process";

/**
 * `npm run test:memory [-- --memory 256 --streams 100 --event-bytes 1000000 --events 3]`: runs many streams with large events in one
 * process with Lambda's memory options, prints its resident memory, and fails where it is more than the function has. Half of each
 * event arrives before any second half does: no event could ever end if each stream held its half.
 */
const { values } = parseArgs({
  options: {
    memory: { type: "string", default: "256" },
    streams: { type: "string", default: "100" },
    "event-bytes": { type: "string", default: "1000000" },
    events: { type: "string", default: "3" },
    "max-event-bytes": { type: "string" },
  },
});
const memoryMb = Number(values.memory);
const streams = Number(values.streams);
const eventBytes = Number(values["event-bytes"]);
const events = Number(values.events);
const maxEventBytes = Number(values["max-event-bytes"] ?? Math.max(1_048_576, eventBytes));

/** Text that does not compress to less than an item may have, different for each event. */
const NOISE = randomBytes(Math.ceil((eventBytes * 3) / 4)).toString("base64");

async function send(response: ServerResponse, text: string): Promise<void> {
  if (!response.write(text, "latin1")) await Promise.race([once(response, "drain"), once(response, "close")]);
}

/** All streams send the first half of an event, then all send the second half. */
function halves() {
  const open: ServerResponse[] = [];
  const sendAll = async () => {
    for (let event = 0; event < events; event++) {
      const label = (stream: number) => `${stream}-${event}-`;
      const half = Math.floor(eventBytes / 2);
      const first = open.map((response, stream) => send(response, (label(stream) + NOISE).slice(0, half)));
      // A stream that does not read its first half must not stop the second half of the others.
      const second = first.map((sent, stream) =>
        sent.then(() => send(open[stream]!, `${(label(stream) + NOISE).slice(half, eventBytes)}\n`)),
      );
      await Promise.all(second);
    }
    for (const response of open) response.end();
  };
  return (response: ServerResponse) => {
    response.writeHead(200, { "content-type": "application/x-ndjson" }).flushHeaders();
    if (open.push(response) === streams) void sendAll();
  };
}

async function main(): Promise<void> {
  const accept = halves();
  const upstream = await startServer((_request, response) => accept(response));
  const aws = await startServer((request, response) => response.end(request.method === "POST" ? "{}" : ""));
  const folder = mkdtempSync(join(tmpdir(), "memory-test-"));
  try {
    const script = join(folder, "hop.js");
    const options = handlerOptions(join(__dirname, "hop-process.ts"));
    buildSync({ ...options, outfile: script, write: true, sourcemap: false });
    const job: HopJob = { upstream: upstream.url, aws: aws.url, memoryMb, streams, maxEventBytes };
    const young = Math.floor(memoryMb / 20);
    const child = fork(script, [JSON.stringify(job)], {
      execArgv: [`--max-semi-space-size=${young}`, `--max-old-space-size=${Math.floor(memoryMb * 0.9)}`],
      env: { ...process.env, ...MEMORY_ENVIRONMENT },
    });
    const [result] = (await Promise.race([
      once(child, "message"),
      once(child, "exit").then(([code, signal]) => {
        throw new Error(`The hop ended with ${code ?? signal} and no result.`);
      }),
    ])) as [HopResult];
    const { baseMb, maxMb, stored, refused } = result;
    process.stdout.write(
      `${streams} streams, ${events} events of ${eventBytes} bytes each, ${memoryMb} MB: stored ${stored}, refused ${refused}, RSS ${baseMb.toFixed(0)} MB before, ${maxMb.toFixed(0)} MB at most\n`,
    );
    const expected = eventBytes > maxEventBytes ? 0 : streams * events;
    if (stored !== expected) throw new Error(`Expected ${expected} events to be stored, got ${stored}.`);
    if (maxMb > memoryMb) throw new Error(`Expected at most ${memoryMb} MB of memory, got ${maxMb.toFixed(0)} MB.`);
  } finally {
    rmSync(folder, { recursive: true });
    await upstream.close();
    await aws.close();
  }
}

main().then(
  () => process.exit(0),
  (error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  },
);
