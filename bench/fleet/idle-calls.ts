import { Simulation } from "../../tests/control/simulation";

export interface IdleCalls {
  /** Calls of one stream in a month. */
  readonly writes: number;
  /** Read units: half a unit without strong consistency. */
  readonly reads: number;
  /** Size of a stream's row, in bytes. */
  readonly rowBytes: number;
}

const MINUTES_PER_MONTH = 43_800;

/** Counts the table calls of a hop with quiet streams over some hops, handovers included: the product's code on a fake clock. */
export async function idleCalls(streams: number, minutes: number): Promise<IdleCalls> {
  const simulation = new Simulation({ streamsPerHop: streams, watchdog: false, upstream: { everyMs: 1_000_000_000 } });
  const deliver = simulation.deliver;
  simulation.deliver = () => [];
  for (let i = 0; i < streams; i++) await simulation.start(`s${i}`);
  simulation.deliver = deliver;
  await simulation.invoke({ v: 1, streams: Array.from({ length: streams }, (_, i) => ({ streamId: `s${i}` })) });
  await simulation.clock.advance(60_000);
  let writes = 0;
  let reads = 0;
  simulation.tableFault = ({ op, name }) => {
    if (op === "update") writes++;
    if (op === "read") reads += name === "glance" ? 0.5 : 1;
    return undefined;
  };
  await simulation.clock.advance(minutes * 60_000);
  const rowBytes = Math.max(...[...simulation.rows.values()].map((row) => JSON.stringify(row).length));
  await simulation.close();
  const perMonth = (calls: number) => (calls / streams / minutes) * MINUTES_PER_MONTH;
  return { writes: perMonth(writes), reads: perMonth(reads), rowBytes };
}
