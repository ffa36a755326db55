import { type ChangeList, changeList } from "./change-list";
import type { History, Sample, StreamView, Update } from "./protocol";
import { type RateMeter, rateMeter } from "./rate-meter";
import { round, type SampleHistory, sampleHistory, sumSamples } from "./sample-history";
import { type ConnectionState, refOf, streamView } from "./stream-view";

export const NO_SAMPLE: Sample = { inPerSecond: 0, storedPerSecond: 0 };

/** The streams of all instances, with their rates and those of the last hour. */
export interface StreamTable {
  readonly list: ChangeList<StreamView>;
  /** Replaces the streams of one instance. @param hopOf the hop that holds a stream */
  replace(
    at: number,
    instance: string,
    streams: readonly ConnectionState[],
    hopOf: (id: string) => StreamView["hop"],
  ): void;
  /** Replaces the numbers of failed events of one instance. @param of by stream */
  failures(instance: string, of: ReadonlyMap<string, number>): void;
  /** Takes a sample of all streams. */
  sample(at: number): TableSample;
  /** Undefined: no such stream. */
  history(id?: string): History | undefined;
  /** By stream: events received a second, the latest ones. */
  sparks(count: number): Record<string, number[]>;
}

export interface TableSample {
  readonly update: NonNullable<Update["sample"]>;
  /** The sum of an instance's streams. */
  totalOf(instance: string): Sample;
}

/** What is measured where each delivery is reported. Of other stacks, the rates come from the counters. */
export type MeasureDeliveries = (instance: string, streamId: string) => Omit<Sample, "inPerSecond">;

interface Meters {
  readonly received: RateMeter;
  readonly stored: RateMeter;
  readonly history: SampleHistory;
  sample: Sample;
}

export function streamTable(measure: MeasureDeliveries | undefined): StreamTable {
  const list = changeList<StreamView>();
  const meters = new Map<string, Meters>();
  const all = sampleHistory();
  let failed: ReadonlyMap<string, number> = new Map();

  function metersOf(id: string): Meters {
    let found = meters.get(id);
    if (found === undefined) {
      found = { received: rateMeter(), stored: rateMeter(), history: sampleHistory(), sample: NO_SAMPLE };
      meters.set(id, found);
    }
    return found;
  }

  function put(entry: StreamView): void {
    if (JSON.stringify(list.get(entry.id)) !== JSON.stringify(entry)) list.put(entry);
  }

  function sampleOf({ id, instance, streamId }: StreamView, at: number): Sample {
    const { received, stored } = metersOf(id);
    const inPerSecond = round(received.rate(at));
    return { inPerSecond, ...(measure?.(instance, streamId) ?? { storedPerSecond: round(stored.rate(at)) }) };
  }

  return {
    list,
    replace(at, instance, streams, hopOf) {
      const ids = new Set<string>();
      for (const stream of streams) {
        const id = refOf(instance, stream.streamId);
        ids.add(id);
        const { received, stored, sample } = metersOf(id);
        received.observe(at, stream.counters.received);
        stored.observe(at, stream.counters.stored);
        const context = { at, rates: sample, failures: failed.get(id) ?? 0, hop: hopOf(id) };
        put(streamView(instance, stream, { ...context, before: list.get(id) }));
      }
      for (const { id, instance: of } of list.all()) {
        if (of !== instance || ids.has(id)) continue;
        list.remove(id);
        meters.delete(id);
      }
    },
    failures(instance, of) {
      failed = new Map([...[...failed].filter(([id]) => !id.startsWith(`${instance}/`)), ...of]);
      for (const stream of list.all())
        if (stream.instance === instance) put({ ...stream, failures: failed.get(stream.id) ?? 0 });
    },
    sample(at) {
      const samples = list.all().map((stream) => {
        const sample = sampleOf(stream, at);
        const own = metersOf(stream.id);
        own.sample = sample;
        own.history.add(at, sample);
        put({ ...stream, rates: sample });
        return { stream, sample };
      });
      const total = sumSamples(samples.map(({ sample }) => sample));
      all.add(at, total);
      const moving = samples.filter(({ sample }) => Object.values(sample).some((value) => value > 0));
      const streams = Object.fromEntries(moving.map(({ stream, sample }) => [stream.id, sample]));
      return {
        update: { at, total, streams },
        totalOf: (instance) =>
          sumSamples(samples.flatMap(({ stream, sample }) => (stream.instance === instance ? [sample] : []))),
      };
    },
    history: (id) => (id === undefined ? all.read() : meters.get(id)?.history.read(id)),
    sparks: (count) => Object.fromEntries([...meters].map(([id, { history }]) => [id, history.spark(count)])),
  };
}
