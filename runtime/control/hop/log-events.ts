/**
 * Field `event` of the manager's log lines; stable, the command line and the dashboards read them. Every line of a stream has
 * `streamId`, and from the lease on `generation`.
 *
 *   hop-start          streams, remainingMs
 *   hop-end            streams, durationMs
 *   claimed            the successor may connect
 *   lease-acquired     generation
 *   successor-invoked  generation, when the successor is to claim
 *   handover           mode, gapMs, overlapMs, generation (the new one): once for each hand-over that completed
 *   stream-left        reason, counters: the last line of a stream in a hop
 *   no-answer          ask: the table or Lambda did not answer
 */
export const HOP_EVENT = {
  hopStart: "hop-start",
  hopEnd: "hop-end",
  claimed: "claimed",
  acquired: "lease-acquired",
  invoked: "successor-invoked",
  handover: "handover",
  left: "stream-left",
  noResponse: "no-response",
} as const;
