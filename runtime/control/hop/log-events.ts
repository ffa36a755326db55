/**
 * Values of `event` in the log of the connection manager. They are stable: the CLI and the dashboard read them. Every line about
 * a stream has `streamId`.
 *
 *   hop-start          streams, remainingMs, handoverInMs: the time to the planned handover
 *   hop-end            streams, durationMs
 *   claimed            generation: the successor may connect
 *   lease-acquired     generation
 *   successor-invoked  generation, when the successor is to claim
 *   handover           mode, gapMs, overlapMs, generation (the new one): once per completed handover
 *   stream-left        reason, counters: the last line of a stream in a hop
 *   no-free-connection maxConnections: the stream is handed over by break
 *   no-response        command, error: the table or Lambda did not respond
 */
export const HOP_EVENT = {
  hopStart: "hop-start",
  hopEnd: "hop-end",
  claimed: "claimed",
  acquired: "lease-acquired",
  invoked: "successor-invoked",
  handover: "handover",
  left: "stream-left",
  noSlot: "no-free-connection",
  noResponse: "no-response",
} as const;
