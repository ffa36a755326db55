import { PRICES } from "./prices";

/** What is to be ingested and processed. */
export interface Workload {
  /** Of one stream. */
  readonly eventsPerSecond: number;
  /** Of one event. */
  readonly bytes: number;
  readonly streams: number;
  readonly streamsPerHop: number;
  /** Time of the handler for one event. */
  readonly processorMs: number;
  readonly ttlDays: number;
  /** Share of an event's bytes that is left in a pack of many: 0.05 for prices, 0.3 for log lines. */
  readonly compression: number;
  readonly packBytes: number;
  readonly lingerMs: number;
}

export type Mode = "each" | "packed";

/** What stops a stream from being faster, and at which rate. */
export interface Limit {
  readonly what: "table partition" | "relay CPU with 256 MB" | "relay CPU with a whole vCPU" | "one handler at a time";
  readonly eventsPerSecond: number;
}

/** One storage mode. Dollars are for a month of 730 hours. */
export interface ModeSizing {
  readonly mode: Mode;
  readonly writeUnitsPerSecond: number;
  /** Of one stream, the lowest first. */
  readonly limits: readonly Limit[];
  /** `relay.memorySize`. Absent: the stream needs more than a vCPU. */
  readonly relayMemorySize?: number;
  /** `events.slices`. Absent: the stream needs more than 64. */
  readonly slices?: number;
  /** `events.warmThroughput`. Absent: a new table is enough. */
  readonly warmThroughput?: number;
  readonly dollars: {
    readonly relay: number;
    readonly writes: number;
    readonly storage: number;
    readonly processor: number;
    readonly total: number;
  };
  /** Writes with provisioned capacity at 70% utilization, instead of on demand. */
  readonly provisionedWrites: number;
}

export interface Sizing {
  readonly workload: Workload;
  readonly each: ModeSizing;
  readonly packed: ModeSizing;
  /** The mode that fits and costs less. */
  readonly mode: Mode;
  /** Handlers of one stream that run at the same time. Above 1, the events of a stream lose their order or share a batch. */
  readonly handlers: number;
  /** One container service that replaces the relay. It writes to the same table. */
  readonly container: {
    readonly vcpus: number;
    readonly dollars: number;
    /** From this number of streams, it costs less than the relay. Absent: at no number, because a stream is too fast for a hop. */
    readonly cheaperFromStreams?: number;
  };
  /** A stream of Kinesis with one record for each event, that replaces the table's writes and storage. */
  readonly kinesis: {
    readonly shards: number;
    readonly dollars: number;
    /** Events per second of one stream from which it costs less than the table. Absent: at no rate up to a million. */
    readonly cheaperThanEachFrom?: number;
    readonly cheaperThanPackedFrom?: number;
  };
}

const MONTH_SECONDS = 730 * 3600;
const UNIT_BYTES = 1024;
/** Names, keys and numbers of an item, rounded up. */
const EVENT_OVERHEAD = 80;
const PACK_OVERHEAD = 130;
/** Units per second of a partition; partitions and units of a new table. */
const PARTITION_UNITS = 1_000;
const NEW_TABLE_UNITS = 4_000;
const MAX_SLICES = 64;
/**
 * CPU time of the relay for one event of 200 bytes over TLS: the CPU share of 256 MB by the events per second in docs/benchmarks.md
 * (`npm run bench:cpu-share`), rounded.
 */
const CPU_MICROSECONDS = { each: 49, packed: 9.3 };
/** Share of the CPU that the load may use. */
const CPU_SHARE = 0.7;
const VCPU_MB = 1_769;
const DEFAULT_RELAY_MB = 256;
const PROCESSOR_MB = 256;
/** Invocations of the processor per second and shard when few records arrive: the mapping polls so often. */
const POLLS = 4;
/** Of a new table's stream. */
const SHARDS = 4;
const BATCH_ITEMS = { each: 100, packed: 10 };
/** Sizes of a container with the memory of each, in vCPU and GB. */
const CONTAINERS = [
  [0.25, 0.5],
  [0.5, 1],
  [1, 2],
  [2, 4],
  [4, 8],
] as const;
const SHARD_RECORDS = 1_000;
const SHARD_BYTES = 1_048_576;
const PUT_UNIT_BYTES = 25 * 1024;

/** What a workload needs and costs in both storage modes, and in what else could do the same. Pure. */
export function sizing(workload: Workload): Sizing {
  const each = modeSizing("each", workload);
  const packed = modeSizing("packed", workload);
  const packs = fits(packed) && (!fits(each) || packed.dollars.total < each.dollars.total);
  return {
    workload,
    each,
    packed,
    mode: packs ? "packed" : "each",
    handlers: Math.max(1, Math.ceil((workload.eventsPerSecond * workload.processorMs) / 1_000)),
    container: container(workload, packs ? "packed" : "each"),
    kinesis: kinesis(workload),
  };
}

/** Whether arguments exist with which a mode takes the load. */
export function fits({ slices, relayMemorySize }: ModeSizing): boolean {
  return slices !== undefined && relayMemorySize !== undefined;
}

function modeSizing(mode: Mode, workload: Workload): ModeSizing {
  const { eventsPerSecond, streams, streamsPerHop, processorMs } = workload;
  const { units, bytes, items } = stored(mode, workload);
  const cpuPerEvent = CPU_MICROSECONDS[mode] / 1e6;
  const neededMb = Math.ceil((eventsPerSecond * Math.min(streams, streamsPerHop) * cpuPerEvent * VCPU_MB) / CPU_SHARE);
  const relayMemorySize = Math.max(DEFAULT_RELAY_MB, Math.ceil(neededMb / 64) * 64);
  const hops = Math.ceil(streams / streamsPerHop);
  const partitions = units / PARTITION_UNITS;
  const slices = partitions <= 1 ? 1 : Math.ceil(partitions * 4);
  const allUnits = units * streams;
  const { lambdaArmGbSecond, lambdaRequest, writeUnit, writeUnitHour, storedGbMonth } = PRICES;
  const gbMonth = (mb: number) => (mb / 1024) * MONTH_SECONDS * lambdaArmGbSecond;
  const polls = POLLS * Math.min(streams, SHARDS);
  const invocations = Math.min(items * streams, Math.max((items * streams) / BATCH_ITEMS[mode], polls));
  const dollars = {
    relay: hops * gbMonth(Math.min(relayMemorySize, VCPU_MB)),
    writes: allUnits * MONTH_SECONDS * writeUnit,
    storage: ((bytes * streams * workload.ttlDays * 86_400) / 1e9) * storedGbMonth,
    processor:
      ((eventsPerSecond * streams * processorMs) / 1_000) * gbMonth(PROCESSOR_MB) +
      invocations * MONTH_SECONDS * lambdaRequest,
  };
  // A fast stream fills its packs.
  const full = { ...workload, eventsPerSecond: 1e6 };
  const limits: Limit[] = [
    { what: "table partition", eventsPerSecond: PARTITION_UNITS / (stored(mode, full).units / full.eventsPerSecond) },
    { what: "relay CPU with 256 MB", eventsPerSecond: ((DEFAULT_RELAY_MB / VCPU_MB) * 1e6) / CPU_MICROSECONDS[mode] },
    { what: "relay CPU with a whole vCPU", eventsPerSecond: 1e6 / CPU_MICROSECONDS[mode] },
    ...(processorMs > 0 ? [{ what: "one handler at a time" as const, eventsPerSecond: 1_000 / processorMs }] : []),
  ];
  return {
    mode,
    writeUnitsPerSecond: allUnits,
    limits: limits.sort((a, b) => a.eventsPerSecond - b.eventsPerSecond),
    ...(relayMemorySize <= VCPU_MB && { relayMemorySize }),
    ...(mode === "packed" ? slices === 1 && { slices } : slices <= MAX_SLICES && { slices }),
    ...(allUnits > NEW_TABLE_UNITS && { warmThroughput: Math.ceil((allUnits * 1.5) / 1_000) * 1_000 }),
    dollars: { ...dollars, total: Object.values(dollars).reduce((sum, one) => sum + one) },
    provisionedWrites: (allUnits / 0.7) * 730 * writeUnitHour,
  };
}

/** Per second of one stream. */
function stored(mode: Mode, workload: Workload): { items: number; units: number; bytes: number } {
  const { eventsPerSecond, bytes, compression, packBytes, lingerMs } = workload;
  const unitsOf = (size: number) => Math.ceil(size / UNIT_BYTES);
  if (mode === "each") {
    const size = bytes + EVENT_OVERHEAD;
    return { items: eventsPerSecond, units: eventsPerSecond * unitsOf(size), bytes: eventsPerSecond * size };
  }
  const inPack = Math.max(1, Math.min(packBytes / bytes, 1 + (eventsPerSecond * lingerMs) / 1_000));
  const size = PACK_OVERHEAD + bytes + (inPack - 1) * bytes * compression;
  const packs = eventsPerSecond / inPack;
  return { items: packs, units: packs * unitsOf(size), bytes: packs * size };
}

function container(workload: Workload, mode: Mode): Sizing["container"] {
  const cheaper = (streams: number) => {
    const relay = modeSizing(mode, { ...workload, streams });
    return fits(relay) && containerFor(workload, streams, mode).dollars < relay.dollars.relay;
  };
  return {
    ...containerFor(workload, workload.streams, mode),
    cheaperFromStreams: Array.from({ length: 1_000 }, (_, i) => i + 1).find(cheaper),
  };
}

function containerFor({ eventsPerSecond }: Workload, streams: number, mode: Mode): { vcpus: number; dollars: number } {
  const needed = (eventsPerSecond * streams * CPU_MICROSECONDS[mode]) / 1e6 / CPU_SHARE;
  const [largest] = CONTAINERS.at(-1)!;
  const tasks = Math.max(1, Math.ceil(needed / largest));
  const [vcpu, gb] = CONTAINERS.find(([size]) => size * tasks >= needed) ?? CONTAINERS.at(-1)!;
  const dollars = tasks * 730 * (vcpu * PRICES.fargateArmVcpuHour + gb * PRICES.fargateArmGbHour);
  return { vcpus: vcpu * tasks, dollars };
}

function kinesis(workload: Workload): Sizing["kinesis"] {
  const table = (mode: Mode) => (eventsPerSecond: number) => {
    const { writes, storage } = modeSizing(mode, { ...workload, eventsPerSecond, streams: 1 }).dollars;
    return writes + storage;
  };
  const cheaperFrom = (dollars: (eventsPerSecond: number) => number) =>
    RATES.find((rate) => kinesisDollars({ ...workload, eventsPerSecond: rate, streams: 1 }) < dollars(rate));
  return {
    shards: shardsOf(workload),
    dollars: kinesisDollars(workload),
    cheaperThanEachFrom: cheaperFrom(table("each")),
    cheaperThanPackedFrom: cheaperFrom(table("packed")),
  };
}

/** 1, 2, 5, 10, … a million. */
const RATES = Array.from({ length: 7 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power))
  .flat()
  .filter((rate) => rate <= 1_000_000);

function shardsOf({ eventsPerSecond, bytes, streams }: Workload): number {
  const rate = eventsPerSecond * streams;
  return Math.max(1, Math.ceil(Math.max(rate / SHARD_RECORDS, (rate * bytes) / SHARD_BYTES)));
}

function kinesisDollars(workload: Workload): number {
  const { eventsPerSecond, streams, bytes } = workload;
  const puts = eventsPerSecond * streams * Math.ceil(bytes / PUT_UNIT_BYTES) * MONTH_SECONDS;
  return shardsOf(workload) * 730 * PRICES.kinesisShardHour + puts * PRICES.kinesisPutUnit;
}
