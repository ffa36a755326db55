import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { connectionClient } from "../../cli/connection-client";
import { type ChaosStack, startChaosStack } from "./chaos-stack";
import { compareStream, problemOf } from "./compare-stream";

const STREAMS = Array.from({ length: 20 }, (_, i) => `stream-${i + 1}`);
/** Ends by itself if this process is killed. */
const BUSY = "for (const end = Date.now() + 900_000; Date.now() < end; );";
const STEP_MS = 300_000;

describe("20 streams, each in a hop alone, while other processes keep every core busy", function () {
  this.timeout(900_000);
  let chaos: ChaosStack;
  let busy: ChildProcess[] = [];
  before(async () => {
    chaos = await startChaosStack({ eventsPerSecond: 1, turnMs: 500, hopSeconds: 300 });
    busy = Array.from({ length: availableParallelism() }, () => spawn(process.execPath, ["-e", BUSY]));
  });
  after(async () => {
    for (const child of busy) child.kill("SIGKILL");
    await chaos?.close();
  });

  it("start, run and stop, each with one call of the API, and lose no event nor process one twice", async () => {
    const { region, operator } = chaos.stack.cloud;
    // Unlike the local run's client, this one repeats no call.
    const { apiUrl } = chaos.stack.instances[0]!;
    const client = connectionClient({ apiUrl, region, credentials: operator });
    const every = (is: (id: string) => boolean) => () => STREAMS.every(is);
    for (const id of STREAMS) await client.start(id, true);
    await chaos.until(
      "events of every stream to be processed",
      every((id) => chaos.processed(id).size >= 5),
      STEP_MS,
    );

    for (const id of STREAMS) chaos.feeds.feed(id).stopSending();
    const isProcessed = (id: string) => chaos.processed(id).size >= chaos.feeds.feed(id).sent.length;
    await chaos.until("all events to be processed", every(isProcessed), STEP_MS);
    const stored = await chaos.stored();
    for (const id of STREAMS) assert.equal(problemOf(compareStream(chaos, id, stored)), undefined, id);

    for (const id of STREAMS) await client.stop(id);
    await chaos.until(
      "every hop to end",
      every((id) => chaos.hops(id).length === 0),
      STEP_MS,
    );
    for await (const { streamId, status } of client.list()) assert.equal(status, "closed", streamId);
  });
});
