import type { RelaySettings } from "../contract";
import type { Clock } from "../support/clock";
import { StreamError } from "../support/errors";
import type { ControlEvent } from "./control-events";
import type { EventPipeline } from "./event-pipeline";
import type { EventWriter } from "./event-writer";
import type { StreamMemory } from "./hop-memory";
import type { ConnectionEnd } from "./source/outcome";
import type { OpenConnection, OpenRequest, Source } from "./source/port";

export interface ConnectionDeps {
  readonly source: Source;
  readonly settings: RelaySettings;
  readonly clock: Clock;
  readonly pipeline: EventPipeline;
  readonly writer: EventWriter;
  readonly memory: StreamMemory;
  /** Aborted: stop reading at once. */
  readonly signal: AbortSignal;
  readonly onOpen: () => void;
  readonly onBytes: () => void;
  /** A chunk was decoded. `unread`: see {@link Decoder.unread}. */
  readonly onDecoded: (events: boolean, unread: Buffer | undefined, redact: (text: string) => string) => void;
}

/** Opens one connection and reads it to its end. Never rejects. */
export async function runConnection(
  request: Omit<OpenRequest, "signal">,
  deps: ConnectionDeps,
): Promise<ConnectionEnd> {
  const { source, clock, signal, settings } = deps;
  const silent = new AbortController();
  // A quiet source may send its response head with its first event, so the same timeout applies before and after the head.
  const idle = idleTimer(settings.source.idleTimeoutMs, clock, (error) => silent.abort(error));
  let connection: OpenConnection | undefined;
  try {
    const answer = await source.open({ ...request, signal: AbortSignal.any([signal, silent.signal]) });
    if (answer.kind === "refused") return answer;
    connection = answer.connection;
    silent.signal.addEventListener("abort", () => connection?.close(silent.signal.reason));
    idle.start();
    deps.onOpen();
    return await read(connection, idle, deps);
  } catch (cause) {
    if (signal.aborted) return { kind: "stopped" };
    return failed(silent.signal.aborted ? silent.signal.reason : (cause as StreamError));
  } finally {
    idle.end();
    connection?.close();
  }
}

function failed(error: StreamError): ConnectionEnd {
  if (error.code === "SOURCE_FORMAT") return { kind: "not-a-stream", error };
  return { kind: error.code === "CONFIG_INVALID" ? "unusable" : "broken", error };
}

/** Reads the connection. While the writer or the hop's memory is full it does not read, and that pause does not count as idle time of the source. */
async function read(
  { chunks, decoder, endsClean, refusal, redact }: OpenConnection,
  idle: ReturnType<typeof idleTimer>,
  { settings, pipeline, writer, memory, signal, onBytes, onDecoded }: ConnectionDeps,
): Promise<ConnectionEnd> {
  try {
    for await (const chunk of chunks) {
      idle.stop();
      pipeline.counts.bytes += chunk.length;
      onBytes();
      const before = pipeline.decoded;
      decoder.feed(chunk, pipeline);
      onDecoded(pipeline.decoded > before, decoder.unread(), redact);
      if (pipeline.control) return endedBy(pipeline.control, redact);
      writer.flush();
      memory.setUnfinished(decoder.held());
      while (!signal.aborted) {
        if (writer.full) await writer.changed();
        else if (memory.mayRead()) break;
        else await memory.changed();
      }
      if (signal.aborted) return { kind: "stopped" };
      idle.start();
    }
    decoder.end(endsClean, pipeline);
    if (signal.aborted) return { kind: "stopped" };
    if (pipeline.control) return endedBy(pipeline.control, redact);
    const refused = refusal?.();
    if (refused) return refused;
    return { kind: endsClean && settings.source.end === "complete" ? "completed" : "ended" };
  } finally {
    memory.setUnfinished(0);
    writer.flush();
  }
}

/** What a control event means for its connection. */
function endedBy({ action, rule, excerpt }: ControlEvent, redact: (text: string) => string): ConnectionEnd {
  if (action === "complete") return { kind: "completed" };
  const error = new StreamError(
    "SOURCE_EVENT",
    `The source sent an event for which \`source.on[${rule}]\` says ${action}: ${redact(excerpt)}`,
    { retryable: action !== "fail" },
  );
  return { kind: "control", action, error };
}

/** Calls `onIdle` after `timeoutMs` without a stop. One sleep serves the whole connection: chunks only reset the start time. */
function idleTimer(timeoutMs: number, clock: Clock, onIdle: (error: StreamError) => void) {
  const ended = new AbortController();
  let since: number | undefined = clock.now();
  const watch = async () => {
    while (!ended.signal.aborted) {
      const quietMs = since === undefined ? 0 : clock.now() - since;
      if (quietMs >= timeoutMs) {
        const message = `The source sent nothing for ${timeoutMs} ms. Raise \`source.idleTimeoutSeconds\` if it may be quiet for longer.`;
        return onIdle(new StreamError("SOURCE_IDLE", message, { retryable: true }));
      }
      await clock.sleep(timeoutMs - quietMs, ended.signal);
    }
  };
  void watch();
  return {
    start: () => {
      since = clock.now();
    },
    stop: () => {
      since = undefined;
    },
    end: () => ended.abort(),
  };
}
