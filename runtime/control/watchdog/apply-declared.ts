import type { HopStream } from "../../contract";
import type { ControlDeps } from "../deps";
import type { DeclaredChange } from "../streams/declared";
import { streamInTheWay } from "../streams/single-stream";
import { startStream } from "../streams/start";
import { stopStream } from "../streams/stop";
import { write } from "../table/connection-table";

/** Writes a change of the deployment's `streams` to the stream's row. Returns the stream if a hop must be invoked for it. */
export async function applyDeclaredChange(
  deps: ControlDeps,
  { kind, streamId }: DeclaredChange,
  sharedRequest: boolean,
): Promise<readonly HopStream[]> {
  deps.logger.log("info", "The deployment's streams changed", { event: "declared", streamId, change: kind });
  if (kind === "start") {
    // The next run fails a stream that would receive the same events as a running one.
    const mayRun = !sharedRequest || (await streamInTheWay({ ...deps, sharedRequest }, streamId)) === undefined;
    const { kind: result } = await startStream(deps, streamId, { declared: true, invoke: false });
    return mayRun && result === "started" ? [{ streamId }] : [];
  }
  if (kind === "stop") await stopStream(deps, streamId, { undeclare: true });
  else {
    await write(deps.table, streamId, {
      name: kind,
      when: [{ present: "streamId" }],
      set: { declared: kind === "track" ? false : undefined },
      wasAppliedTo: (row) => row.declared === (kind === "track" ? false : undefined),
    });
  }
  return [];
}
