/** Every duration of a hop, in milliseconds. "T" is the hop's deadline. */
export interface HopTiming {
  /** T−lead: the successor is invoked. */
  readonly leadMs: number;
  /** T−…: it is invoked again, when nobody took over. */
  readonly reinvokeMs: readonly number[];
  /** T−…: reading ends whatever happens. */
  readonly stopReadingMs: number;
  /** T−…: what is not stored is counted as abandoned; the lease is released. */
  readonly releaseMs: number;
  /** How long a claim lets its successor connect. */
  readonly claimMs: number;
  /** Good headers, but no byte: the successor takes the stream to be subscribed after this. */
  readonly subscribeGraceMs: number;
  /** How long a superseded predecessor goes on reading. */
  readonly lingerMs: number;
  readonly renewMs: number;
  readonly renewHandingOverMs: number;
  readonly leaseMs: number;
  /** The owner takes its lease to end this much before everybody else does: the clock skew that is borne. */
  readonly leaseMarginMs: number;
  /** A hop that ran shorter may not chain. */
  readonly shortestHopMs: number;
  /** Longest wait for one answer of the connection table. */
  readonly requestMs: number;
  /** Pause before asking a table again that did not answer. */
  readonly retryMs: number;
}

/**
 * Each duration is its full length or a share of the time left at entry, whichever is shorter; everything inside the lead
 * shrinks with the lead. So 900 s and 5 s run the same protocol.
 *
 *     entry            T−60      T−40      T−20   T−15            T−3  T
 *       │ holding        │ invoke  │ again   │ again │ stop reading   │ release
 *       └────────────────┴─────────┴─────────┴───────┴── drain ───────┴──┘
 */
export function timingFor(remainingMs: number): HopTiming {
  const atMost = (fullMs: number, share: number) => Math.min(fullMs, Math.max(1, Math.floor(remainingMs * share)));
  const leadMs = atMost(60_000, 2 / 5);
  const ofLead = (fullMs: number) => Math.max(1, Math.floor((fullMs * leadMs) / 60_000));
  const renewMs = atMost(10_000, 1 / 25);
  const leaseMs = atMost(30_000, 1 / 5);
  return {
    leadMs,
    reinvokeMs: [ofLead(40_000), ofLead(20_000)],
    stopReadingMs: ofLead(15_000),
    releaseMs: ofLead(3_000),
    claimMs: ofLead(20_000),
    subscribeGraceMs: ofLead(10_000),
    lingerMs: ofLead(2_000),
    renewMs,
    renewHandingOverMs: Math.min(1_000, Math.ceil(renewMs / 2)),
    leaseMs,
    leaseMarginMs: Math.floor(leaseMs / 10),
    shortestHopMs: atMost(60_000, 1 / 5),
    requestMs: Math.min(3_000, Math.ceil(leaseMs / 4)),
    retryMs: Math.min(1_000, Math.ceil(renewMs / 4)),
  };
}
