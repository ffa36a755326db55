/** Every duration of a hop, in milliseconds. "T" is the hop's deadline. */
export interface HopTiming {
  /** T−leadMs: the successor is invoked. */
  readonly leadMs: number;
  /** Before T: it is invoked again if no successor took over. */
  readonly reinvokeMs: readonly number[];
  /** Before T: reading ends in any case. */
  readonly stopReadingMs: number;
  /** Before T: events not yet stored are counted as abandoned, and the lease is released. */
  readonly releaseMs: number;
  /** Added to the lead when the watchdog invokes the successor: two of its runs. */
  readonly watchdogMs: number;
  /** Lifetime of a claim. */
  readonly claimMs: number;
  /**
   * How long a successor with response headers waits for the first byte before it acquires. Where response heads are late, this begins
   * when its request is sent.
   */
  readonly subscribeGraceMs: number;
  /** How long a superseded predecessor continues to read. */
  readonly lingerMs: number;
  readonly renewMs: number;
  readonly renewHandingOverMs: number;
  readonly leaseMs: number;
  /** Lease of a stream whose hop may carry others: the hop's beat shows sooner that it is lost. */
  readonly sharedLeaseMs: number;
  /** Such a stream writes its row this often when it has nothing to report. */
  readonly quietRenewMs: number;
  /** The owner considers its lease expired this much early: the clock skew that is tolerated. */
  readonly leaseMarginMs: number;
  /** A shorter hop does not invoke the next one directly. */
  readonly shortestHopMs: number;
  /** The streams of one hop begin within this time, one after another. */
  readonly spreadMs: number;
  /** The planned handovers of all hops lie within this time before the lead. */
  readonly phaseMs: number;
  /** A successor that waits for the release reads the row this often. */
  readonly watchMs: number;
  /** Timeout of a call of the connection table or Lambda. */
  readonly requestMs: number;
  /** Wait before a call that got no response is repeated. */
  readonly retryMs: number;
}

/**
 * Derives the durations from the time left at entry. Each is its full length or a share of that time, whichever is shorter. The
 * times within the lead scale with the lead. So a hop of 5 s runs the same protocol as one of 900 s.
 *
 *     entry            T−60      T−40      T−20   T−15            T−3  T
 *       │ holding        │ invoke  │ again   │ again │ stop reading   │ release
 *       └────────────────┴─────────┴─────────┴───────┴── drain ───────┴──┘
 */
export function timingFor(remainingMs: number): HopTiming {
  const atMost = (fullMs: number, share: number) => Math.min(fullMs, Math.max(1, Math.floor(remainingMs * share)));
  const leadMs = atMost(60_000, 2 / 5);
  const scaled = (fullMs: number) => Math.max(1, Math.floor((fullMs * leadMs) / 60_000));
  const renewMs = atMost(10_000, 1 / 25);
  const leaseMs = atMost(30_000, 1 / 5);
  return {
    leadMs,
    reinvokeMs: [scaled(40_000), scaled(20_000)],
    stopReadingMs: scaled(15_000),
    releaseMs: scaled(3_000),
    watchdogMs: atMost(120_000, 1 / 5),
    claimMs: scaled(20_000),
    subscribeGraceMs: scaled(10_000),
    lingerMs: scaled(2_000),
    renewMs,
    renewHandingOverMs: Math.min(1_000, Math.ceil(renewMs / 2)),
    leaseMs,
    sharedLeaseMs: atMost(300_000, 1 / 3),
    quietRenewMs: atMost(120_000, 2 / 15),
    leaseMarginMs: Math.floor(leaseMs / 10),
    shortestHopMs: atMost(60_000, 1 / 5),
    spreadMs: atMost(30_000, 1 / 30),
    phaseMs: atMost(120_000, 2 / 15),
    watchMs: Math.min(50, Math.ceil(renewMs / 4)),
    requestMs: Math.min(3_000, Math.ceil(leaseMs / 4)),
    retryMs: Math.min(1_000, Math.ceil(renewMs / 4)),
  };
}
