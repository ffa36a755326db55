import type { ConnectionView } from "pulumi-stream-ingestion/internal";
import { notStoredText, otherCounters, storedText } from "./counters-text";
import { printable, type Terminal } from "./terminal";

/** Whether the stream is as desired. A stream that the upstream completed is. */
export function asDesired({ desired, status, live }: ConnectionView): boolean {
  return desired === "closed" ? !live : live || status === "completed";
}

/** The state in one word. `down`: the row has an open status, but no live owner. */
export function stateOf(connection: ConnectionView): string {
  const { desired, status, live } = connection;
  if (desired === "closed") return live ? "closing" : "closed";
  const hasOwner = status === "open" || status === "handing-over";
  return hasOwner && !live ? "down" : status;
}

/** The lines of `status`. Lines without a value are omitted. */
export function describeConnection(connection: ConnectionView, colours: Terminal["colours"]): string[] {
  const { counters, handover, lastError } = connection;
  const state = (asDesired(connection) ? colours.green : colours.red)(stateOf(connection));
  const lines: [string, string | undefined][] = [
    ["stream", connection.streamId],
    ["state", `${state} (desired ${connection.desired}${connection.declared ? ", declared by the deployment" : ""})`],
    ["generation", String(connection.generation)],
    ["connected since", connection.connectedSince],
    ["last byte", connection.lastByteAt],
    ["checkpoint", connection.checkpoint && printable(connection.checkpoint)],
    ["retry at", connection.retryAt && `${connection.retryAt} (attempt ${connection.attempt})`],
    ["received", String(counters.received)],
    ["= stored", storedText(counters)],
    ["+ not stored", notStoredText(counters)],
    ["counters", otherCounters(counters)],
    ["handovers", handover && handover.count > 0 ? describeHandover(handover) : undefined],
    ["last error", lastError && `${lastError.code} at ${lastError.at}: ${printable(lastError.message)}`],
  ];
  return table(lines.filter(([, value]) => value !== undefined).map(([name, value]) => [name, value!]));
}

function describeHandover({ count, mode, lastGapMs, maxGapMs }: NonNullable<ConnectionView["handover"]>): string {
  const gap = (ms: number) => (ms < 0 ? `overlapped ${-ms} ms` : `gap ${ms} ms`);
  const last = lastGapMs === undefined ? "" : `, last ${mode ? `by ${mode}, ` : ""}${gap(lastGapMs)}`;
  return `${count}${last}${maxGapMs === undefined ? "" : `, worst ${gap(maxGapMs)}`}`;
}

/** Pads columns to their widest cell, with two spaces between. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]!.length))) ?? [];
  return rows.map((row) => row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]!))).join("  "));
}
