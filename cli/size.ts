import { type Command, InvalidArgumentError } from "commander";
import { table } from "./connection-text";
import { PRICES } from "./size/prices";
import { fits, type ModeSizing, type Sizing, sizing, type Workload } from "./size/sizing";
import { terminal as processTerminal, type Terminal } from "./terminal";

interface SizeOptions extends Workload {
  readonly json?: boolean;
}

/** `stream-ingestion size`: what a workload needs and costs. It reads no deployment. */
export function addSize(program: Command, terminal: Terminal = processTerminal): void {
  program
    .command("size")
    .description(
      "Print what limits a workload first, the arguments that it needs, and its costs in both storage modes, with a container " +
        `service and with Kinesis. An estimate with the list prices of ${PRICES.region} as of ${PRICES.asOf}.`,
    )
    .requiredOption("--events-per-second <n>", "events per second of one stream", upTo(1_000_000))
    .requiredOption("--bytes <n>", "bytes of an event; the bucket stores larger ones", whole(1, 400_000))
    .option("--streams <n>", "number of streams", whole(1, 100_000), 1)
    .option("--streams-per-hop <n>", "the argument relay.streamsPerHop", whole(1, 100), 1)
    .option("--processor-ms <ms>", "time of your handler for one event", upTo(900_000), 1)
    .option("--ttl-days <n>", "the argument events.ttlDays", whole(1, 3_650), 7)
    .option(
      "--compression <share>",
      "share of an event's bytes left in a pack: 0.05 prices, 0.3 log lines",
      upTo(1),
      0.15,
    )
    .option("--pack-bytes <n>", "the argument events.packBytes", whole(1_024, 262_144), 65_536)
    .option("--linger-ms <ms>", "the argument events.lingerMs", whole(10, 5_000), 200)
    .option("--json", "print one JSON value")
    .action(({ json, ...workload }: SizeOptions) => {
      const result = sizing(workload);
      if (json) terminal.out(JSON.stringify({ prices: PRICES, ...result }));
      else for (const line of sizingLines(result)) terminal.out(line);
    });
}

/** The result as text. */
function sizingLines({ workload, each, packed, mode, handlers, container, kinesis }: Sizing): string[] {
  const chosen = { each, packed }[mode];
  const [limit] = chosen.limits;
  const { eventsPerSecond, streams, bytes } = workload;
  const { cheaperFromStreams } = container;
  const fromStreams =
    cheaperFromStreams === undefined ? "at no number of streams" : `from ${plural(cheaperFromStreams, "stream")}`;
  const inPlace = (from: number | undefined) => (from === undefined ? "at no rate" : `from ${count(from)} events/s`);
  return [
    `${plural(streams, "stream")} of ${count(eventsPerSecond)} events/s of ${count(bytes)} bytes, ${dollarsNote()}`,
    "",
    ...table([
      ["", "each", "packed"],
      ["first limit of a stream", first(each), first(packed)],
      ["write units per second", count(each.writeUnitsPerSecond), count(packed.writeUnitsPerSecond)],
      ["relay.memorySize", memory(each), memory(packed)],
      ["events.slices", slices(each), slices(packed)],
      ["events.warmThroughput", warm(each), warm(packed)],
      ["relay", dollars(each.dollars.relay), dollars(packed.dollars.relay)],
      ["writes on demand", dollars(each.dollars.writes), dollars(packed.dollars.writes)],
      ["writes provisioned at 70%", dollars(each.provisionedWrites), dollars(packed.provisionedWrites)],
      [`storage for ${workload.ttlDays} days`, dollars(each.dollars.storage), dollars(packed.dollars.storage)],
      ["processor", dollars(each.dollars.processor), dollars(packed.dollars.processor)],
      ["total a month, on demand", total(each), total(packed)],
    ]),
    "",
    `Storage: events.storage "${mode}". What binds first: ${limit?.what}, at ${count(limit?.eventsPerSecond ?? 0)} events/s of a stream.`,
    handlers > 1
      ? `Processor: ${handlers} handlers at the same time for each stream. Use eachBatch, or eachEvent with ordered: false and concurrency: ${handlers}.`
      : "Processor: one handler at a time keeps up, in order.",
    `Container service instead of the relay: ${dollars(container.dollars)} with ${container.vcpus} vCPU on Fargate (arm64); it costs less than the relay ${fromStreams}, before the work to operate it. Writes, storage and processor are the same, and a deployment or a crash interrupts the streams.`,
    `Kinesis instead of the table: ${dollars(kinesis.dollars)} with ${plural(kinesis.shards, "shard")}; it costs less than writes and storage with "each" ${inPlace(kinesis.cheaperThanEachFrom)}, with "packed" ${inPlace(kinesis.cheaperThanPackedFrom)} of a stream. It removes no copies of a handover, and stores for 24 hours.`,
  ];
}

const dollarsNote = () => `dollars a month, list prices of ${PRICES.region} as of ${PRICES.asOf}`;
const first = ({ limits: [limit] }: ModeSizing) => `${limit?.what}: ${count(limit?.eventsPerSecond ?? 0)}/s`;
const memory = ({ relayMemorySize }: ModeSizing) =>
  relayMemorySize === undefined ? "too fast" : String(relayMemorySize);
const slices = ({ slices }: ModeSizing) => (slices === undefined ? "too fast" : String(slices));
const total = (mode: ModeSizing) => (fits(mode) ? dollars(mode.dollars.total) : "too fast");
const warm = ({ warmThroughput }: ModeSizing) => (warmThroughput === undefined ? "-" : count(warmThroughput));

const plural = (value: number, word: string) => `${count(value)} ${word}${value === 1 ? "" : "s"}`;

/** Whole numbers from 10 on, otherwise three digits. */
function count(value: number): string {
  return value.toLocaleString("en-US", value >= 10 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 });
}

function dollars(value: number): string {
  return `$${value.toLocaleString("en-US", value >= 100 ? { maximumFractionDigits: 0 } : { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
}

function upTo(maximum: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (value.trim() !== "" && number > 0 && number <= maximum) return number;
    throw new InvalidArgumentError(`Expected a number above 0, up to ${maximum}.`);
  };
}

function whole(minimum: number, maximum: number): (value: string) => number {
  return (value) => {
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    if (number >= minimum && number <= maximum) return number;
    throw new InvalidArgumentError(`Expected a whole number in ${minimum}..${maximum}.`);
  };
}
