/** Every default of the arguments, once; a test compares them with the `@default` of the docs. */
export const DEFAULTS = {
  streams: [] as string[],
  removal: "retain",
  source: {
    format: "auto",
    auth: { kind: "bearer" },
    resume: { kind: "last-event-id" },
    idleTimeoutSeconds: 60,
  },
  processor: { memorySize: 256, timeoutSeconds: 60, batchSize: 100 },
  relay: { handover: "auto", memorySize: 256, streamsPerHop: 1 },
  events: { identity: { kind: "content" }, ignore: [] as never[], ttlDays: 7, maxEventBytes: 1_048_576, slices: 1 },
  api: { allowedCidrs: [] as string[], requestsPerSecond: 10 },
  alarms: { enabled: true },
} as const;

/** What an argument may be: the validation and its messages read it. */
export const LIMITS = {
  idleTimeoutSeconds: [1, 840],
  memorySize: [128, 10_240],
  timeoutSeconds: [1, 900],
  batchSize: [1, 10_000],
  streamsPerHop: [1, 100],
  ttlDays: [1, 3650],
  maxEventBytes: [1024, 16_777_216],
  requestsPerSecond: [1, 10_000],
} as const;

/** Numbers of the deployment that are no arguments. */
export const FIXED = {
  runtime: "nodejs24.x",
  logRetentionDays: 30,
  failureDays: 90,
  manager: { timeoutSeconds: 900, maximumEventAgeSeconds: 60 },
  watchdog: { timeoutSeconds: 55, memorySize: 256 },
  api: { timeoutSeconds: 29, memorySize: 256 },
  mapping: { retries: 5, recordAgeSeconds: 22 * 3600 },
  /** Autonaming adds eight characters to `NAME-connection-manager`, and Lambda takes 64. */
  nameLength: 36,
  /** A stage name is part of `apiUrl`: it never changes. */
  stage: "live",
} as const;
