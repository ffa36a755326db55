import type { Clock, ConnectionView, IdentitySettings } from "pulumi-stream-ingestion/internal";
import type { ConnectionClient } from "../connection-client";
import { CliError } from "../terminal";
import type { Observation } from "./checks";
import { followHops, type Hops } from "./hops";
import type { ObservedEvents } from "./observed-events";
import type { SecondConnection } from "./second-connection";
import { POLL_MS, until, type Waiting } from "./until";

/** The row shows a new owner first, and the kind of handover when the previous hop has left and the new one renews its lease. */
const MEASURED_MS = 15_000;

export interface StreamOptions {
  /** A stream that the upstream serves and that is not running. */
  readonly streamId: string;
  /** How many events to wait for before the handover, and again after it. */
  readonly events: number;
  /** How many handovers at the end of a hop to wait for. @default none */
  readonly hops?: number;
  /** A second connection to the upstream, opened once the stream runs, and the deployment's identity of events. */
  readonly secondConnection?: { readonly open: () => SecondConnection; readonly identity: IdentitySettings };
  /** Limits each step. When its signal aborts, the stream is stopped and the run rejects. */
  readonly waiting: Waiting;
  readonly onStep: (sentence: string) => void;
}

/** What happened to the stream between its start and its stop. */
export interface StreamRun {
  /** The stream when its first events were stored. */
  readonly first: ConnectionView;
  readonly handover: Observation["handover"];
  readonly hops?: Hops;
  readonly observed?: ObservedEvents;
}

export interface StreamPorts {
  readonly api: ConnectionClient;
  /** Requests a handover from the stream's owner, as the watchdog does after a deployment. */
  requestHandover(streamId: string): Promise<void>;
}

/** Starts the stream, hands it over and stops it, also after an error. `before`: the stream as an earlier run left it. */
export async function runStream(
  { api, requestHandover }: StreamPorts,
  clock: Clock,
  before: ConnectionView | undefined,
  { streamId, events, hops, secondConnection, waiting, onStep }: StreamOptions,
): Promise<StreamRun> {
  const read = () => api.read(streamId);
  const step = <T>(sentence: string, read: () => Promise<T | undefined>) => {
    onStep(sentence);
    return until(clock, reporting(waiting, sentence, onStep), read);
  };

  async function requestAndFollow({ generation, handover: earlier }: ConnectionView): Promise<Observation["handover"]> {
    onStep("requesting a handover");
    const requestedAt = clock.now();
    await requestHandover(streamId);
    const after = await step("waiting for the handover", async () => {
      const view = await read();
      return view.generation > generation && view.live && view.status === "open" ? view : undefined;
    });
    if (after === undefined) return undefined;
    const seconds = Math.round((clock.now() - requestedAt) / 1_000);
    await step("waiting for events after the handover", async () => hasEnough(await read(), after, events));
    const measured = await until(clock, { ...waiting, timeoutMs: MEASURED_MS }, async () => {
      const { handover } = await read();
      return handover && handover.count > (earlier?.count ?? 0) ? handover : undefined;
    });
    return { seconds, mode: measured?.mode, gapMs: measured?.lastGapMs };
  }

  let connection: SecondConnection | undefined;
  async function whileOpen(): Promise<Omit<StreamRun, "observed">> {
    let from = before;
    if (secondConnection !== undefined) {
      // Only after the relay is connected: the check cannot compare what the relay could not receive.
      await step("waiting for the stream to open", async () => hasEnough(await read(), before, 1));
      onStep("opening a second connection");
      connection = secondConnection.open();
      await connection.opened;
      from = await read();
    }
    await step("waiting for events", async () => hasEnough(await read(), from, events));
    const first = await read();
    const handover = await requestAndFollow(first);
    if (hops === undefined || handover === undefined) return { first, handover };
    const options = { expected: hops, waiting: reporting(waiting, "waiting for a handover", onStep), onStep };
    return { first, handover, hops: await followHops(read, clock, options) };
  }

  async function close(): Promise<ObservedEvents | undefined> {
    const observed = await connection?.close();
    // The relay gets time to store the last events of the second connection.
    if (observed !== undefined) await clock.sleep(POLL_MS);
    return observed;
  }

  await startStream(api, streamId);
  const [ran] = await Promise.allSettled([whileOpen()]);
  const [observed] = await Promise.allSettled([close()]);
  const error = ran.status === "rejected" ? ran.reason : observed.status === "rejected" ? observed.reason : undefined;
  await stopStream(api, streamId, error);
  if (ran.status === "rejected" || observed.status === "rejected") throw error;
  return { ...ran.value, observed: observed.value };
}

async function startStream(api: ConnectionClient, streamId: string): Promise<void> {
  try {
    await api.start(streamId, false);
  } catch (error) {
    // Without an answer, the stream may have started. A live one was started by somebody else meanwhile.
    if ((error as CliError).code !== "STREAM_LIVE") await api.stop(streamId).catch(() => {});
    throw error;
  }
}

/** @throws CliError STREAM_NOT_STOPPED */
async function stopStream(api: ConnectionClient, streamId: string, error: Error | undefined): Promise<void> {
  await api.stop(streamId).catch((cause: Error) => {
    const earlier = error === undefined ? "" : ` Before that: ${error.message}`;
    throw new CliError(
      `Stream ${streamId} could not be stopped: ${cause.message} Stop it: stream-ingestion stop ${streamId}.${earlier}`,
      "STREAM_NOT_STOPPED",
      undefined,
      { cause: error ?? cause },
    );
  });
}

/** Repeats the sentence during a long wait. */
export function reporting(waiting: Waiting, sentence: string, onStep: (sentence: string) => void): Waiting {
  return { ...waiting, onWait: (waitedMs) => onStep(`${sentence}, ${Math.round(waitedMs / 1_000)} s so far`) };
}

/** True when the stream has stored enough events, or has ended. */
function hasEnough(view: ConnectionView, before: ConnectionView | undefined, events: number): true | undefined {
  const stored = view.counters.stored - (before?.counters.stored ?? 0);
  return stored >= events || view.status === "failed" || view.status === "completed" ? true : undefined;
}
